import pytest

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.errors import NotFoundError, UserError
from hiast.recipes import build_spec, list_recipes, load_recipe

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


def test_contradictions_name_the_fields():
    with pytest.raises(UserError, match=r"model\.weights.*warm_up\.iterations"):
        build(**{"model.weights": None})
    with pytest.raises(UserError, match=r"warm_up\.iterations.*`source` is not given"):
        build(**{"warm_up.iterations": 3})
