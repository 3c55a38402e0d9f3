import json

import pytest
import torch

from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.reports import SelectionReport
from hiast.contracts.run_spec import RunSpec
from hiast.models import load_model
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


def ignore(_progress):
    pass


def files_below(directory, without=()):
    """Content by name. TensorBoard files carry the time of day."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and "tensorboard" not in path.parts and path.name not in without
    }


def test_a_run_scores_every_network_and_repeats_exactly(spec, tmp_path):
    results = [run(spec, tmp_path / name, ignore) for name in ("one", "two")]
    names = [(network.round, network.name) for network in results[0].networks]
    assert names == [
        (0, "before round 1"), (1, "student"), (1, "teacher"), (2, "student"), (2, "teacher"),
    ]  # fmt: skip
    assert all(network.evaluation for network in results[0].networks)
    assert results[0] == results[1]
    one, two = files_below(tmp_path / "one"), files_below(tmp_path / "two")
    assert {
        "spec.json", "report.html", "model.safetensors", "selection.json", "warm_up/curve.jsonl",
        "rounds/1/report.html", "rounds/1/labels.jsonl", "rounds/2/student.safetensors",
        "rounds/2/labels.json", "rounds/2/teacher.evaluation.json", "rounds/2/curve.jsonl",
    } <= set(one)  # fmt: skip
    assert one == two
    assert not [name for name in one if name.endswith(".pt")]


def test_the_last_teacher_is_the_result(spec, tmp_path):
    result = run(spec, tmp_path / "out", ignore)
    assert result.selection == SelectionReport(
        criterion="last", chosen="rounds/2/teacher.safetensors", scores={}, saw_target_labels=False
    )
    chosen, _ = load_model(tmp_path / "out/model.safetensors")
    teacher, _ = load_model(tmp_path / "out/rounds/2/teacher.safetensors")
    assert all(torch.equal(v, teacher.state_dict()[n]) for n, v in chosen.state_dict().items())


@pytest.mark.parametrize(("criterion", "marked"), [("information", False), ("target_labels", True)])
def test_the_report_says_whether_labels_of_the_target_were_seen(spec, tmp_path, criterion, marked):
    changed = spec.model_copy(
        update={"rounds": 1, "evaluation": spec.evaluation.model_copy(update={"select_by": criterion})}
    )
    result = run(changed, tmp_path / "out", ignore)
    assert len(result.selection.scores) == 3
    assert result.selection.saw_target_labels == marked
    page = (tmp_path / "out/report.html").read_text()
    assert criterion in page or criterion.replace("_", " ") in page


def test_without_validation_there_is_no_score(spec, tmp_path):
    options = {"validation": None, "rounds": 1}
    result = run(spec.model_copy(update=options), tmp_path / "out", ignore)
    assert [network.evaluation for network in result.networks] == [None] * 3


@pytest.mark.parametrize("role", ["source", "validation"])
def test_data_sets_of_other_classes_are_refused(spec, tmp_path, write_halves, role):
    other = write_halves(count=1, where="other")
    (tmp_path / "other/classes.json").write_text(json.dumps({"class_space": "cityscapes"}))
    with pytest.raises(
        UserError, match=f"{role}: its class space 'cityscapes' is not the target's 'halves'"
    ):
        run(spec.model_copy(update={role: other}), tmp_path / "out", ignore)
    assert not (tmp_path / "out/warm_up").exists()


def test_a_directory_of_another_run_is_refused(spec, tmp_path):
    one_round = spec.model_copy(update={"rounds": 1})
    run(one_round, tmp_path / "out", ignore)
    with pytest.raises(UserError, match="holds a run of other settings"):
        run(spec, tmp_path / "out", ignore)


@pytest.mark.parametrize(
    ("stage", "nth"),
    [
        ("warm_up", 1), ("warm_up", 2), ("label", 1), ("label", 2), ("label", 5), ("train", 1),
        ("train", 2), ("train", 3), ("evaluate", 1), ("evaluate", 5),
    ],
)  # fmt: skip
def test_an_interrupted_run_goes_on_and_ends_with_the_same_files(spec, tmp_path, stage, nth):
    run(spec, tmp_path / "whole", ignore)
    seen = 0

    def cancel(progress):
        nonlocal seen
        seen += progress.stage == stage
        if progress.stage == stage and seen == nth:
            raise Canceled

    with pytest.raises(Canceled):
        run(spec, tmp_path / "out", cancel)
    assert not [name for name in files_below(tmp_path / "out") if name.endswith(".tmp") or "/." in name]
    assert not (tmp_path / "out/report.html").exists()
    run(spec, tmp_path / "out", ignore)
    assert files_below(tmp_path / "out") == files_below(tmp_path / "whole")


def test_what_is_complete_is_not_done_again(spec, tmp_path):
    first = run(spec, tmp_path / "out", ignore)
    stages = []
    assert run(spec, tmp_path / "out", lambda progress: stages.append(progress.stage)) == first
    assert set(stages) == {"scan"}


def test_it_is_written_which_weights_a_checkpoint_filled(spec, tmp_path):
    run(spec.model_copy(update={"rounds": 1}), tmp_path / "first", ignore)
    weights = spec.model.model_copy(update={"weights": str(tmp_path / "first/model.safetensors")})
    told = []
    run(spec.model_copy(update={"rounds": 1, "model": weights}), tmp_path / "second", told.append)
    listed = json.loads((tmp_path / "second/warm_up/loaded_weights.json").read_text())
    assert len(listed["loaded"]) > 50
    assert (listed["missing"], listed["unexpected"], listed["skipped"]) == ([], [], [])
    assert f"All {len(listed['loaded'])} weights were loaded." in {p.message for p in told}
