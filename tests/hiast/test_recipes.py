import json

import pytest

from hiast.cli import main
from hiast.contracts.class_spaces import CITYSCAPES
from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import NotFoundError, UserError
from hiast.recipes import RECIPE_DIRECTORY, ROLES, build_spec, list_recipes, load_recipe

FOLDER = DatasetSpec(kind="folder", root="somewhere")
NAMES = [recipe.name for recipe in list_recipes()]


def build(**overrides):
    return build_spec(load_recipe("streets_demo"), overrides=overrides)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_builds_a_spec_when_its_needs_are_given(name):
    recipe = load_recipe(name)
    spec = build_spec(recipe, name="mine", datasets=dict.fromkeys(recipe.needs, FOLDER))
    assert spec.name == "mine"
    assert all(getattr(spec, role) == FOLDER for role in recipe.needs)


def test_a_missing_data_set_is_named():
    with pytest.raises(UserError, match="needs a data set for: source, target, validation"):
        build_spec(load_recipe("camvid_day_to_dusk"))


def test_an_unknown_recipe_names_those_there_are():
    with pytest.raises(NotFoundError, match="'mars' does not exist.*streets_demo"):
        load_recipe("mars")


def test_overrides_reach_nested_fields_and_leave_the_recipe_alone():
    spec = build(**{"training.batch_size": 7, "target.streets.count": 3})
    assert (spec.training.batch_size, spec.target.streets.count) == (7, 3)
    assert build().training.batch_size == load_recipe("streets_demo").spec["training"]["batch_size"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trainig.iterations", 3), ("training.iteration", 3), ("training.iterations", 0),
        ("rounds", "many"), ("selection.policy", "best"), ("model.base_width", 4),
        ("target.streets.look", "night"),
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named(field, value):
    with pytest.raises(UserError) as raised:
        build(**{field: value})
    assert raised.value.where in (field, field.split(".")[0])
    assert "\n" not in str(raised.value)


def test_an_override_through_a_single_value_is_refused():
    with pytest.raises(UserError, match="'rounds.first' goes through 'rounds'"):
        build(**{"rounds.first": 1})


OFF = {"losses.kld": 0, "losses.entropy": 0, "losses.consistency": 0}

CONTRADICTIONS = [
    # Overrides that contradict each other, the words the error must hold, and what mends it.
    (
        {"model.name": "segformer_b0", "model.base_width": 32},
        ["model.base_width", "32", "model.name", "segformer_b0"],
        {"model.base_width": 64},
    ),
    (
        {"model.weights": "hub:nvidia/mit-b0"},
        ["model.weights", "hub:nvidia/mit-b0", "model.name", "deeplab_v2_resnet18"],
        {"model.name": "segformer_b0", "model.base_width": 64},
    ),
    ({"selection.local_window": 4}, ["selection.local_window", "4", "odd"], {"selection.local_window": 5}),
    (
        {"losses.spatial": 0.5, **OFF},
        ["losses.spatial", "kld", "entropy", "consistency"],
        {"losses.entropy": 1.0},
    ),
    (
        {"training.crop_heights": [9, 8]},
        ["training", "crop_heights", "9, 8"],
        {"training.crop_heights": [8, 9]},
    ),
    (
        {"warm_up.crop_heights": [0, 8]},
        ["warm_up", "crop_heights", "0, 8"],
        {"warm_up.crop_heights": [1, 8]},
    ),
    (
        {"model.weights": "given", "warm_up.iterations": 0, "warm_up.alignment": "advent"},
        ["warm_up.alignment", "warm_up.iterations"],
        {"warm_up.alignment": "none"},
    ),
    (
        {"model.weights": "given", "warm_up.iterations": 0, "warm_up.fourier_beta": 0.05},
        ["warm_up.fourier_beta", "warm_up.iterations"],
        {"warm_up.iterations": 3},
    ),
    (
        {"model.weights": "given", "warm_up.iterations": 0, "warm_up.min_entropy_weight": 0.1},
        ["warm_up.min_entropy_weight", "warm_up.iterations"],
        {"warm_up.min_entropy_weight": 0},
    ),
    (
        {"warm_up.alignment": "adaptseg", "warm_up.adversarial_weight": 0},
        ["warm_up.alignment", "adaptseg", "warm_up.adversarial_weight"],
        {"warm_up.adversarial_weight": 0.05},
    ),
    (
        {"training.source_colour_jitter": 0.4},
        ["training.source_colour_jitter", "training.source_weight"],
        {"training.source_weight": 1.0},
    ),
    (
        {"training.source_fourier_beta": 0.05},
        ["training.source_fourier_beta", "training.source_weight"],
        {"training.source_fourier_beta": 0},
    ),
    ({"warm_up.iterations": 0}, ["model.weights", "warm_up.iterations"], {"model.weights": "given"}),
    (
        {"source": None},
        ["warm_up.iterations", "`source` is not given"],
        {"warm_up.iterations": 0, "model.weights": "given"},
    ),
    (
        {"source": None, "warm_up.iterations": 0, "model.weights": "given", "training.source_weight": 1.0},
        ["training.source_weight", "`source` is not given"],
        {"training.source_weight": 0},
    ),
    (
        {"training.batch_size": 4, "compute.accumulation": 3},
        ["training.batch_size", "4", "compute.accumulation", "3"],
        {"compute.accumulation": 2},
    ),
    (
        {"evaluation.select_by": "target_labels", "validation": None},
        ["evaluation.select_by", "target_labels", "`validation` is not given"],
        {"evaluation.select_by": "information"},
    ),
    (
        {"paste.feature_mixing": 0.5, "paste.hard_classes": 0},
        ["paste.feature_mixing", "paste.hard_classes"],
        {"paste.hard_classes": 6},
    ),
    (
        {"compute.gpu_memory_gib": 40},
        ["compute.gpu_memory_gib", "40", "compute.device", "auto"],
        {"compute.device": "cuda"},
    ),
    (
        {"compute.processes": 2, "training.freeze_batch_norm": True},
        ["compute.processes", "2", "compute.device", "auto"],
        {"compute.device": "cpu"},
    ),
    (
        {"compute.precision": "float16", "compute.device": "cpu"},
        ["compute.precision", "float16", "compute.device", "cpu"],
        {"compute.device": "auto"},
    ),
    (
        {"compute.processes": 3, "compute.device": "cuda", "training.freeze_batch_norm": True},
        ["compute.processes", "3", "training.batch_size", "4"],
        {"training.batch_size": 6},
    ),
    (
        {"compute.processes": 2, "compute.device": "cuda"},
        ["compute.processes", "2", "training.freeze_batch_norm"],
        {"training.freeze_batch_norm": True},
    ),
]  # fmt: skip


def from_scratch(overrides):
    return build_spec(load_recipe("streets_from_scratch"), overrides=overrides)


@pytest.mark.parametrize(("overrides", "words", "mended"), CONTRADICTIONS)
def test_a_contradiction_names_its_fields_and_can_be_mended(overrides, words, mended):
    with pytest.raises(UserError) as raised:
        from_scratch(overrides)
    assert [word for word in words if word not in str(raised.value)] == []
    assert from_scratch({**overrides, **mended})


@pytest.mark.parametrize(("overrides", "words"), [row[:2] for row in CONTRADICTIONS])
def test_a_contradiction_is_one_line_of_the_command(overrides, words, tmp_path, capsys, monkeypatch):
    options = [word for key, value in overrides.items() for word in ("--set", f"{key}={json.dumps(value)}")]
    out = tmp_path / "out"
    monkeypatch.setattr("sys.argv", ["hiast", "run", "streets_from_scratch", "--out", str(out), *options])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.startswith("hiast: ")
    assert said.count("\n") == 1
    assert [word for word in words if word not in said] == []
    assert not out.exists()


def test_two_wrong_fields_are_both_named():
    with pytest.raises(UserError, match=r"training\.iterations.*rounds|rounds.*training\.iterations"):
        build(**{"training.iterations": 0, "rounds": 0})


def test_the_published_experiments_keep_their_published_settings():
    spec = build_spec(load_recipe("gta5_to_cityscapes"), datasets=dict.fromkeys(ROLES, FOLDER))
    assert (spec.selection.alpha, spec.selection.beta, spec.selection.gamma) == (0.5, 0.9, 8.0)
    assert (spec.seed, spec.rounds, spec.training.iterations, spec.training.batch_size) == (888, 3, 8000, 6)
    assert spec.training.learning_rates == (3e-6, 2e-6, 1e-6)
    assert spec.labelling.size == spec.evaluation.size == (768, 1536)
    assert (spec.paste.hard_classes, spec.model.name) == (14, "deeplab_v2_resnet101")


def test_synthia_is_scored_over_the_classes_it_has():
    spec = build_spec(load_recipe("synthia_to_cityscapes"), datasets=dict.fromkeys(ROLES, FOLDER))
    assert len(spec.evaluation.classes) == 16
    assert set(range(19)) - set(spec.evaluation.classes) == set(spec.paste.excluded) == {9, 14, 16}
    thirteen = [CITYSCAPES.classes[index] for index in spec.evaluation.further_means["mIoU13"]]
    assert set(CITYSCAPES.classes) - set(thirteen) == {
        "wall", "fence", "pole", "terrain", "truck", "train"
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_never_claims_a_score_without_its_source(name):
    recipe = load_recipe(name)
    if any(character.isdigit() for character in recipe.expected_score):
        assert "reported by" in recipe.expected_score
        assert "not run here" in recipe.expected_score
    assert recipe.settings_source


@pytest.mark.parametrize("name", NAMES)
def test_the_header_of_a_recipe_says_what_its_fields_say(name):
    lines = (RECIPE_DIRECTORY / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    header = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    assert header[1].startswith(f"Command:  hiast run {name}") or "studio up" in header[1]
    assert f"Time:     {load_recipe(name).expected_time}" in header
    assert f"Score:    {load_recipe(name).expected_score}" in header
