"""Bundles: what they prove, and what they refuse."""

import json
import zipfile

import numpy as np
import pytest

from hiast.bundles import RoundBundle, read_bundle, replay_labels, verify_labels, write_bundle
from hiast.contracts.decisions import RoundDecisions
from hiast.contracts.errors import UserError
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import HISTOGRAMS_FILE
from hiast.rounds.run_round import label_round


def silent(_progress):
    pass


@pytest.fixture
def pack(halves, brightness, tmp_path):
    """Labels `halves` with some settings and packs the round; answers the zip."""

    def _pack(**selection):
        spec = RunSpec.model_validate(
            {
                "name": "test",
                "target": halves.spec,
                "model": {"weights": "given"},
                "selection": {"initial_threshold": 0.7, **selection},
            }
        )
        reports = []
        label_set = label_round(
            spec, 1, brightness(0.3), halves, tmp_path / "labels", written=[], on_label=reports.append,
            on_progress=silent, histograms=tmp_path / HISTOGRAMS_FILE,
        )  # fmt: skip
        bundle = RoundBundle(
            made_by="test",
            spec=spec,
            number=1,
            classes=halves.classes,
            network_sha256="0" * 64,
            labels=reports,
            counted=[report.name for report in reports],
            label_set=label_set,
            rejected=[],
            decisions=RoundDecisions(),
        )
        with (tmp_path / "round.zip").open("wb") as stream:
            write_bundle(stream, bundle, tmp_path / HISTOGRAMS_FILE)
        return tmp_path / "round.zip"

    return _pack


def change(path, **changes):
    """Write the bundle anew with other values in its round.json."""
    with zipfile.ZipFile(path) as archive:
        content = json.loads(archive.read("round.json"))
        counts = archive.read(HISTOGRAMS_FILE)
    for name, edit in changes.items():
        content[name] = edit(content[name])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("round.json", json.dumps(content))
        archive.writestr(HISTOGRAMS_FILE, counts)


@pytest.mark.parametrize(
    "selection",
    [
        {},
        {"policy": "cbst"},
        {"policy": "ct"},
        {"policy": "nt"},
        {"local_consistency": 0.9, "images_per_instance": 3},
        {"codebook": "float16", "threshold_bounds": {0: (0.2, 0.5)}},
    ],
)
def test_labels_are_verified_and_made_again_byte_by_byte(pack, tmp_path, selection):
    path = pack(**selection)
    assert verify_labels(path, tmp_path / "labels", silent) == 4
    assert replay_labels(path, tmp_path / "labels", tmp_path / "again", silent) == 4
    files = sorted(file.relative_to(tmp_path / "labels") for file in (tmp_path / "labels").rglob("*.*"))
    assert len(files) == 12
    for file in files:
        assert (tmp_path / "again" / file).read_bytes() == (tmp_path / "labels" / file).read_bytes()


def test_reasons_need_not_be_there_to_be_made_again(pack, tmp_path):
    path = pack()
    reasons = {file: file.read_bytes() for file in (tmp_path / "labels").rglob("*.reason.png")}
    for file in reasons:
        file.unlink()
    with pytest.raises(UserError, match=r"reason.png is missing \(4 like it in all\)"):
        verify_labels(path, tmp_path / "labels", silent)
    replay_labels(path, tmp_path / "labels", tmp_path / "labels", silent)
    assert {file: file.read_bytes() for file in reasons} == reasons


def test_one_changed_byte_is_found(pack, tmp_path):
    path = pack()
    file = sorted((tmp_path / "labels").rglob("*.prediction.png"))[1]
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match=f"{file.name} has other content.$|{file.name} has other content"):
        verify_labels(path, tmp_path / "labels", silent)


def test_a_changed_byte_of_the_bundle_is_found_or_changes_nothing(pack, tmp_path):
    path = pack()
    whole = path.read_bytes()
    told, counts = read_bundle(path, tmp_path / "counts"), (tmp_path / "counts").read_bytes()
    found = 0
    for place in np.random.default_rng(0).integers(0, len(whole), 400):
        content = bytearray(whole)
        content[place] ^= 0xFF
        path.write_bytes(content)
        try:
            # Times and other notes of the zip, say, are read by nobody.
            assert read_bundle(path, tmp_path / "counts") == told
            assert (tmp_path / "counts").read_bytes() == counts
        except UserError:
            found += 1
    assert found > 380


def test_thresholds_that_do_not_follow_are_found(pack, tmp_path):
    path = pack()

    def other_alpha(spec):
        spec["selection"]["alpha"] = 0.2
        return spec

    change(path, spec=other_alpha)
    with pytest.raises(UserError, match="do not follow from the counts and settings"):
        verify_labels(path, tmp_path / "labels", silent)


def test_another_version_and_other_files_are_refused(pack, tmp_path):
    path = pack()
    change(path, version=lambda _version: 1)
    with pytest.raises(UserError, match="is of version 1, this program reads version 2"):
        read_bundle(path, tmp_path / "counts")
    change(path, version=lambda _version: 2, number=lambda _number: "many")
    with pytest.raises(UserError, match="round.json, number"):
        read_bundle(path, tmp_path / "counts")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../evil", "x")
    with pytest.raises(UserError, match="it holds ../evil"):
        read_bundle(path, tmp_path / "counts")
    path.write_bytes(b"no zip")
    with pytest.raises(UserError, match="cannot be read"):
        read_bundle(path, tmp_path / "counts")
    with pytest.raises(UserError, match="No such file"):
        read_bundle(tmp_path / "nowhere.zip", tmp_path / "counts")
