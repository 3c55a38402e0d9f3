import base64
import io

import numpy as np
import pytest
from PIL import Image

from hiast.contracts.errors import UserError
from hiast.contracts.labels import Reason
from hiast.data import ImageSet, scan_dataset
from hiast.data.corrections import DecidedLabels
from hiast.data.label_files import label_path, write_label_files
from hiast.report.example_images import MAX_WIDTH, REASONS, choose_examples, read_examples


def pixels(uri, mode):
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as image:
        return np.array(image.convert(mode))


def test_lowest_median_and_highest_kept_shares_are_chosen(make_label):
    labels = [make_label(str(kept), kept=(kept, 0)) for kept in (70, 10, 90, 30, 50, 20, 80, 60, 40)]
    chosen = [(rank, label.name) for rank, label in choose_examples(labels)]
    assert chosen == [
        ("lowest", "10"), ("lowest", "20"), ("median", "40"), ("median", "50"), ("highest", "80"),
        ("highest", "90"),
    ]  # fmt: skip


@pytest.mark.parametrize("count", range(1, 8))
def test_few_labels_are_chosen_once_each(make_label, count):
    chosen = choose_examples([make_label(str(index)) for index in range(count)])
    assert len({label.name for _, label in chosen}) == len(chosen) == min(count, 6)


def test_pictures_show_photo_kept_label_and_reason(halves, labels, tmp_path):
    examples, reasons = read_examples(halves, DecidedLabels(tmp_path / "labels"), labels)
    first = examples[0]
    assert first.name == labels[0].name
    photo, label, reason = (
        pixels(first.photo, "RGB"), pixels(first.label, "RGBA"), pixels(first.reason, "RGB")
    )  # fmt: skip
    truth = halves.read_label(halves.entries[0])
    np.testing.assert_allclose(photo.mean(), halves.read_image(halves.entries[0]).mean(), atol=4)
    colours = np.array(halves.classes.colours)[truth]
    np.testing.assert_array_equal(label[0, :, :3], colours[0])
    assert label[0, :, 3].min() == 255
    assert label[1:, :, 3].max() == 0
    np.testing.assert_array_equal(reason[0, 0], REASONS[Reason.KEPT][1])
    np.testing.assert_array_equal(reason[1, 0], REASONS[Reason.BELOW_THRESHOLD][1])
    assert reasons == [Reason.KEPT, Reason.BELOW_THRESHOLD]


def test_every_reason_has_a_name_and_a_colour_of_its_own():
    assert set(REASONS) == set(Reason)
    assert len(set(REASONS.values())) == len(Reason)


def test_wide_images_are_made_smaller_in_proportion(write_halves, make_label, tmp_path):
    spec = write_halves(count=1, height=200, width=1000, where="wide")
    images = ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
    ids = np.zeros((200, 1000), np.uint8)
    write_label_files(
        tmp_path, "0", prediction=ids, reason=ids, codes=ids.astype(np.uint16), classes=images.classes,
        codebook="log12",
    )  # fmt: skip
    ((example,), _) = read_examples(images, DecidedLabels(tmp_path), [make_label("0")])
    for uri in (example.photo, example.label, example.reason):
        assert pixels(uri, "RGB").shape == (96, MAX_WIDTH, 3)


def test_a_missing_label_file_is_named(halves, labels, tmp_path):
    label_path(tmp_path / "labels", labels[0].name, "reason").unlink()
    with pytest.raises(UserError, match=rf"{labels[0].name}\.reason\.png"):
        read_examples(halves, DecidedLabels(tmp_path / "labels"), labels)
