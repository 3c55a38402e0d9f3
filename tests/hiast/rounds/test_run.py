import json

import pytest

from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.run_spec import RunSpec
from hiast.rounds.run import run


@pytest.fixture
def spec(write_halves):
    source = write_halves(count=3, where="source")
    size = [16, 24]
    return RunSpec.model_validate(
        {
            "name": "test",
            "rounds": 2,
            "source": source,
            "target": write_halves(count=3, where="target", labelled=False),
            "validation": source,
            "model": {"base_width": 8},
            "warm_up": {"iterations": 2, "batch_size": 2, "crop": size, "crop_heights": size},
            "training": {"iterations": 2, "batch_size": 2, "crop": size, "crop_heights": size},
        }
    )


def files_below(directory):
    return {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.is_file()}


def test_a_run_scores_before_and_after_each_round_and_repeats_exactly(spec, tmp_path):
    runs = [run(spec, tmp_path / name, lambda _progress: None) for name in ("one", "two")]
    assert len(runs[0]) == 3
    assert runs[0] == runs[1]
    one, two = files_below(tmp_path / "one"), files_below(tmp_path / "two")
    assert {"rounds/2/student.safetensors", "rounds/2/labels.json", "spec.json"} <= set(one)
    assert {name: path.read_bytes() for name, path in one.items()} == {
        name: path.read_bytes() for name, path in two.items()
    }


def test_without_validation_there_is_no_score(spec, tmp_path):
    options = {"validation": None, "rounds": 1}
    assert run(spec.model_copy(update=options), tmp_path / "out", lambda _progress: None) == []


@pytest.mark.parametrize("role", ["source", "validation"])
def test_data_sets_of_other_classes_are_refused(spec, tmp_path, write_halves, role):
    other = write_halves(count=1, where="other")
    (tmp_path / "other/classes.json").write_text(json.dumps({"class_space": "cityscapes"}))
    with pytest.raises(
        UserError, match=f"{role}: its class space 'cityscapes' is not the target's 'halves'"
    ):
        run(spec.model_copy(update={role: other}), tmp_path / "out", lambda _progress: None)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("stage", ["scan", "warm_up", "label", "train", "evaluate"])
def test_canceling_leaves_no_half_written_file(spec, tmp_path, stage):
    def cancel(progress):
        if progress.stage == stage:
            raise Canceled

    with pytest.raises(Canceled):
        run(spec, tmp_path / "out", cancel)
    assert not [name for name in files_below(tmp_path / "out") if name.endswith(".tmp") or "/." in name]
    assert not (tmp_path / "out/rounds/2").exists()
