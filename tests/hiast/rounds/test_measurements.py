"""Labels made from measurements that other processes took are those made at once, byte by byte."""

import pytest

from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.step_files import HISTOGRAMS_FILE
from hiast.data import ImageSet, scan_dataset
from hiast.rounds.run_round import label_measured_round, label_round, measure_part


def silent(_progress):
    pass


def spec_of(images, **selection):
    return RunSpec.model_validate(
        {
            "name": "test",
            "target": images.spec,
            "model": {"weights": "given"},
            "selection": {"initial_threshold": 0.7, **selection},
        }
    )


def label_at_once(model, images, directory, **selection):
    reports = []
    arguments = {
        "written": [],
        "on_label": reports.append,
        "on_progress": silent,
        "histograms": directory / HISTOGRAMS_FILE,
    }
    return reports, label_round(spec_of(images, **selection), 1, model, images, directory, **arguments)


def label_in_parts(model, images, directory, parts, **selection):
    spec = spec_of(images, **selection)
    for number in reversed(range(parts)):
        measure_part(spec, 1, model, images, directory / "said", (number, parts), silent)
    reports = []
    arguments = {
        "written": [],
        "on_label": reports.append,
        "on_progress": silent,
        "histograms": directory / "labels" / HISTOGRAMS_FILE,
    }
    return reports, label_measured_round(
        spec, 1, directory / "said", images, directory / "labels", **arguments
    )


def files_below(directory):
    return {
        path.relative_to(directory): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("gate", [0.0, 0.9])
@pytest.mark.parametrize("policy", ["ias", "cbst", "ct"])
def test_labels_made_in_parts_are_byte_equal(write_halves, brightness, tmp_path, policy, gate, parts):
    spec = write_halves(count=5, height=16, width=24)
    images = ImageSet.of(spec, scan_dataset(spec, silent))
    for selection in ({"images_per_instance": 1}, {"images_per_instance": 2, "codebook": "float16"}):
        selection |= {"policy": policy, "local_consistency": gate}
        where = tmp_path / selection.get("codebook", "log12")
        whole, summary = label_at_once(brightness(0.3), images, where / "whole", **selection)
        reports, joined = label_in_parts(brightness(0.3), images, where, parts, **selection)
        assert reports == whole
        assert joined == summary
        assert files_below(where / "labels") == files_below(where / "whole")


def test_a_part_goes_on_behind_what_it_has_written(halves, brightness, tmp_path):
    spec, done = spec_of(halves), []

    def stop(progress):
        done.append(progress.message)
        if progress.done == 2:
            raise Canceled

    with pytest.raises(Canceled):
        measure_part(spec, 1, brightness(), halves, tmp_path / "said", (0, 1), stop)
    before = files_below(tmp_path / "said")
    assert len(before) == 2
    measure_part(spec, 1, brightness(), halves, tmp_path / "said", (0, 1), lambda p: done.append(p.message))
    assert sorted(done) == sorted(entry.name for entry in halves.entries)
    assert before.items() <= files_below(tmp_path / "said").items()


def test_a_measurement_that_is_missing_damaged_or_anothers_is_named(halves, brightness, tmp_path):
    spec = spec_of(halves)
    measure_part(spec, 1, brightness(), halves, tmp_path / "said", (0, 1), silent)
    arguments = {"written": [], "on_label": lambda _report: None, "on_progress": silent}

    def labelled(spec):
        return label_measured_round(spec, 1, tmp_path / "said", halves, tmp_path / "labels", **arguments)

    other = spec_of(halves, codebook="float16")
    with pytest.raises(UserError, match="another run"):
        labelled(other)
    victim = tmp_path / "said" / f"{halves.entries[0].name}.measurement"
    content = victim.read_bytes()
    for broken in (b"", content[:8], b"XXXX" + content[4:], content[:-7], content[:40]):
        victim.write_bytes(broken)
        with pytest.raises(UserError, match=str(victim)):
            labelled(spec)
    victim.unlink()
    with pytest.raises(UserError, match="No such file"):
        labelled(spec)
