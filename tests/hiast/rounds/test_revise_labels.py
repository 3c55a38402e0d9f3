"""A revision is what labelling with its settings from the start would have made."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hiast.contracts.errors import UserError
from hiast.contracts.run_spec import RunSpec, SelectionSpec
from hiast.contracts.selection_changes import SelectionChanges
from hiast.contracts.step_files import HISTOGRAMS_FILE
from hiast.data.label_files import label_path
from hiast.rounds.revise_labels import revise_labels
from hiast.rounds.run_round import label_round
from hiast.selection.image_order import changed_order


def silent(_progress):
    pass


def spec_of(images, selection):
    fields = {"name": "test", "target": images.spec, "model": {"weights": "given"}, "selection": selection}
    return RunSpec.model_validate(fields)


def labelled(model, images, directory, selection, seed=888):
    reports = []
    spec = spec_of(images, selection).model_copy(update={"seed": seed})
    label_set = label_round(
        spec, 1, model, images, directory / "labels", written=[], on_label=reports.append,
        on_progress=silent, histograms=directory / HISTOGRAMS_FILE,
    )  # fmt: skip
    return reports, label_set


def revised(made, images, directory, selection, changes, out, written=()):
    place = {report.name: order for order, report in enumerate(made)}
    places = np.array([place[entry.name] for entry in images.entries])
    reports = []
    label_set = revise_labels(
        spec_of(images, changes.apply_to(SelectionSpec.model_validate(selection)).model_dump()),
        made,
        changed_order(changes, places, 1),
        directory / HISTOGRAMS_FILE,
        directory / "labels",
        out,
        images,
        written=list(written),
        on_label=reports.append,
        on_progress=silent,
    )
    return reports, label_set


def reasons(directory):
    return {path.name: path.read_bytes() for path in directory.rglob("*.reason.png")}


share = st.floats(0.0, 1.0, allow_subnormal=False)
changed = st.fixed_dictionaries(
    {},
    optional={
        "alpha": share,
        "beta": share,
        "gamma": st.floats(0.0, 20.0),
        "initial_threshold": st.floats(0.01, 0.99),
        "threshold_bounds": st.dictionaries(
            st.integers(0, 1), st.tuples(share, share).map(lambda pair: tuple(sorted(pair))), max_size=2
        ),
        "order": st.sampled_from(["labelled", "data_set"]),
    },
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changed, st.sampled_from([{}, {"local_consistency": 0.9}, {"images_per_instance": 3}]))
def test_a_revision_equals_labelling_with_its_settings(halves, brightness, tmp_path_factory, changed, also):
    directory = tmp_path_factory.mktemp("round")
    before = {"initial_threshold": 0.7, **also}
    made, _ = labelled(brightness(0.3), halves, directory, before)
    changes = SelectionChanges.model_validate(changed)
    got = revised(made, halves, directory, before, changes, directory / "revision")
    settings_then = {key: value for key, value in changed.items() if key != "order"}
    if changes.order == "data_set":
        settings_then["shuffle"] = False
    other = tmp_path_factory.mktemp("other")
    expected = labelled(brightness(0.3), halves, other, {**before, **settings_then})
    assert got == expected
    assert reasons(directory / "revision") == reasons(other / "labels")


def test_another_seed_is_the_order_of_a_run_with_it(halves, brightness, tmp_path):
    made, _ = labelled(brightness(0.3), halves, tmp_path / "a", {"initial_threshold": 0.7})
    expected = labelled(brightness(0.3), halves, tmp_path / "b", {"initial_threshold": 0.7}, seed=5)
    assert [report.name for report in made] != [report.name for report in expected[0]]
    changes = SelectionChanges(order="shuffled", seed=5)
    selection = {"initial_threshold": 0.7}
    assert revised(made, halves, tmp_path / "a", selection, changes, tmp_path / "r") == expected
    assert reasons(tmp_path / "r") == reasons(tmp_path / "b")


@pytest.mark.parametrize("policy", ["cbst", "ct", "nt"])
def test_floors_work_with_every_policy(halves, brightness, tmp_path, policy):
    selection = {"policy": policy, "initial_threshold": 0.7}
    made, _ = labelled(brightness(0.3), halves, tmp_path / "a", selection)
    bounds = {0: (0.8, 0.9)}
    expected = labelled(brightness(0.3), halves, tmp_path / "b", {**selection, "threshold_bounds": bounds})
    changes = SelectionChanges(threshold_bounds=bounds)
    assert revised(made, halves, tmp_path / "a", selection, changes, tmp_path / "r") == expected


def test_an_interrupted_revision_goes_on_behind_what_it_has_told(halves, brightness, tmp_path):
    selection = {"initial_threshold": 0.7}
    made, _ = labelled(brightness(0.3), halves, tmp_path, selection)
    changes = SelectionChanges(alpha=0.9, gamma=0.0)
    whole = revised(made, halves, tmp_path, selection, changes, tmp_path / "whole")
    written = whole[0][:2]
    for report in written:
        name = label_path(Path(), report.name, "reason")
        (tmp_path / "cut" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "whole" / name, tmp_path / "cut" / name)
    rest, label_set = revised(made, halves, tmp_path, selection, changes, tmp_path / "cut", written)
    assert [*written, *rest] == whole[0]
    assert label_set == whole[1]
    assert reasons(tmp_path / "cut") == reasons(tmp_path / "whole")


def test_what_cbst_had_chosen_before_its_bounds_is_not_known():
    own = SelectionSpec(policy="cbst", threshold_bounds={0: (0.1, 0.9)})
    with pytest.raises(UserError, match="what cbst had chosen before them is not stored"):
        SelectionChanges(threshold_bounds={}).apply_to(own)
