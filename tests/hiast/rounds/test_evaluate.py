import pytest
import torch

from hiast.contracts.errors import Canceled, UserError
from hiast.data import ImageSet, scan_dataset
from hiast.rounds.evaluate import evaluate

CPU = torch.device("cpu")


class Constant(torch.nn.Module):
    def forward(self, images):
        scores = torch.zeros(len(images), 2, *images.shape[-2:])
        scores[:, 0] = 1.0
        return scores


def test_perfect_predictions_score_one(halves, brightness):
    report = evaluate(brightness(), halves, device=CPU, on_progress=lambda _progress: None)
    assert (report.images, report.mean_iou, report.pixel_accuracy) == (4, 1.0, 1.0)
    assert report.class_iou == [1.0, 1.0]


def test_a_class_that_does_not_occur_has_no_score(halves, tmp_path):
    from PIL import Image

    for path in (tmp_path / "halves/labels").iterdir():
        Image.new("L", (48, 32)).save(path)
    report = evaluate(Constant(), halves, device=CPU, on_progress=lambda _progress: None)
    assert report.class_iou == [1.0, None]
    assert report.mean_iou == 1.0


def test_a_missed_class_scores_zero(halves):
    report = evaluate(Constant(), halves, device=CPU, on_progress=lambda _progress: None)
    assert report.class_iou[1] == 0.0
    assert report.mean_iou == pytest.approx(report.pixel_accuracy / 2)


def test_images_without_ground_truth_are_refused(write_halves, brightness):
    spec = write_halves(labelled=False)
    images = ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
    with pytest.raises(UserError, match="image '0' has no label.*labelled images"):
        evaluate(brightness(), images, device=CPU, on_progress=lambda _progress: None)


def test_canceling_stops_after_one_image(halves, brightness):
    seen = []

    def cancel(progress):
        seen.append(progress.done)
        raise Canceled

    with pytest.raises(Canceled):
        evaluate(brightness(), halves, device=CPU, on_progress=cancel)
    assert seen == [1]
