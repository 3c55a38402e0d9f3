import itertools

import numpy as np
import pytest
import torch

from hiast.contracts.class_spaces import ClassSpace
from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.labels import Reason
from hiast.contracts.reports import LabelReport
from hiast.contracts.run_spec import InferenceSpec, LossSpec, PasteSpec, RunSpec, SelectionSpec
from hiast.contracts.step_files import HISTOGRAMS_FILE
from hiast.data.histogram_files import read_histograms
from hiast.data.label_files import read_codes, read_prediction, read_reason
from hiast.rounds.generate_labels import generate_labels, labelling_order, state_after, summarise_labels
from hiast.rounds.measurements import from_network
from hiast.rounds.run_round import label_round
from hiast.selection import (
    Codebook,
    bounds_array,
    count_codes,
    labels_from_codes,
    reasons_from_labels,
    replay_thresholds,
)
from hiast.selection.replay import CountedRound, replay_round


def spec_of(images, **selection):
    return RunSpec.model_validate(
        {
            "name": "test",
            "target": images.spec,
            "model": {"weights": "given"},
            "selection": {"initial_threshold": 0.7, **selection},
        }
    )


def label(model, images, directory, written=(), on_progress=lambda _progress: None, **selection):
    reports = []
    spec = spec_of(images, **selection)
    arguments = {
        "written": list(written),
        "on_label": reports.append,
        "on_progress": on_progress,
        "histograms": directory / HISTOGRAMS_FILE,
    }
    try:
        return reports, label_round(spec, 1, model, images, directory, **arguments)
    except Canceled:
        return reports, None


def files_below(directory):
    return {
        path.relative_to(directory): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(("codebook", "together"), list(itertools.product(("log12", "float16"), (1, 2, 3))))
def test_stored_codes_give_the_thresholds_and_reasons_again(
    halves, brightness, tmp_path, codebook, together
):
    selection = {"codebook": codebook, "images_per_instance": together}
    reports, _ = label(brightness(0.3), halves, tmp_path, **selection)
    book = Codebook.named(codebook)
    stored = [(read_codes(tmp_path, r.name)[0], read_prediction(tmp_path, r.name)) for r in reports]
    counts = [count_codes(codes, prediction, 2, book) for codes, prediction in stored]
    instances = [sum(counts[start : start + together]) for start in range(0, len(counts), together)]
    trajectory = replay_thresholds(
        instances, np.full(2, 0.7), alpha=0.5, beta=0.9, gamma=8.0, codebook=book
    )
    for index, (report, (codes, prediction)) in enumerate(zip(reports, stored, strict=True)):
        assert report.thresholds == trajectory[index // together].tolist()
        labels = labels_from_codes(codes, prediction, np.array(report.thresholds), book)
        reason = read_reason(tmp_path, report.name)
        np.testing.assert_array_equal(reason, reasons_from_labels(labels, prediction))
        assert report.kept_pixels == [int((labels == c).sum()) for c in (0, 1)]
        assert report.predicted_pixels == [int((prediction == c).sum()) for c in (0, 1)]
        assert 0 < sum(report.kept_pixels) < reason.size


@pytest.mark.parametrize("policy", ["ias", "ct"])
@pytest.mark.parametrize("gate", [0.0, 0.9])
@pytest.mark.parametrize("together", [1, 3])
def test_the_counts_beside_the_labels_replay_them(halves, brightness, tmp_path, policy, gate, together):
    bounds = {0: (0.2, 0.75), 1: (0.9, 0.9)}
    selection = {"policy": policy, "local_consistency": gate, "images_per_instance": together}
    reports, _ = label(brightness(0.3), halves, tmp_path, **selection, threshold_bounds=bounds)
    replay = replay_round(
        CountedRound.of(read_histograms(tmp_path / HISTOGRAMS_FILE)),
        range(len(reports)),
        np.full(2, 0.7),
        alpha=0.5,
        beta=0.9,
        gamma=8.0,
        bounds=bounds_array(bounds, 2),
        images_per_instance=together,
        follow=policy == "ias",
    )
    assert replay.thresholds.tolist() == [report.thresholds for report in reports]
    assert replay.kept_pixels.tolist() == [report.kept_pixels for report in reports]
    assert replay.class_values.tolist() == [report.class_values for report in reports]
    assert {report.thresholds[1] for report in reports} == {0.9}
    assert max(report.thresholds[0] for report in reports) <= 0.75


def test_bounds_of_a_class_that_does_not_exist_are_refused(halves, brightness, tmp_path):
    with pytest.raises(UserError, match="class 2; there are classes 0 to 1"):
        label(brightness(0.3), halves, tmp_path, threshold_bounds={2: (0.1, 0.2)})
    with pytest.raises(ValueError, match="class 1: floor 0.8 is above cap 0.2"):
        label(brightness(0.3), halves, tmp_path, threshold_bounds={1: (0.8, 0.2)})


@pytest.mark.parametrize("policy", ["ias", "cbst", "ct", "nt"])
@pytest.mark.parametrize("together", [1, 2])
@pytest.mark.parametrize("after", [1, 2, 3, 5])
def test_an_interrupted_labelling_goes_on_as_if_nothing_happened(
    write_halves, brightness, tmp_path, policy, together, after
):
    from hiast.data import ImageSet, scan_dataset

    spec = write_halves(count=5, height=16, width=24)
    images = ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
    selection = {"policy": policy, "images_per_instance": together}
    whole, summary = label(brightness(), images, tmp_path / "whole", **selection)

    def stop(progress):
        if progress.done == after:
            raise Canceled

    first, _ = label(brightness(), images, tmp_path / "parts", on_progress=stop, **selection)
    assert len(first) == after
    rest, resumed = label(brightness(), images, tmp_path / "parts", written=first, **selection)
    assert {report.order: report for report in first + rest} == {report.order: report for report in whole}
    assert resumed == summary
    assert files_below(tmp_path / "parts") == files_below(tmp_path / "whole")


def test_canceling_leaves_whole_labels_only(halves, brightness, tmp_path):
    def stop(progress):
        if progress.done == 2:
            raise Canceled

    reports, _ = label(brightness(), halves, tmp_path / "labels", on_progress=stop)
    assert len(reports) == 2
    assert len(files_below(tmp_path / "labels")) == 6
    assert all(read_reason(tmp_path / "labels", report.name).shape == (32, 48) for report in reports)


def test_the_order_depends_on_seed_and_round(halves):
    entries = halves.entries * 5

    def order(seed, number, shuffle=True):
        found = labelling_order(entries, SelectionSpec(shuffle=shuffle), seed=seed, round_number=number)
        return [entry.name for entry in found]

    assert order(1, 1) == order(1, 1)
    assert sorted(order(1, 1)) == sorted(entry.name for entry in entries)
    assert len({tuple(order(seed, number)) for seed in (1, 2) for number in (1, 2)}) == 4
    assert order(1, 1, shuffle=False) == [entry.name for entry in entries]


def test_without_thresholds_every_pixel_is_kept(halves, brightness, tmp_path):
    _, summary = label(brightness(), halves, tmp_path, policy="nt")
    assert summary.kept_share == 1.0
    assert all((read_reason(tmp_path, str(index)) == Reason.KEPT).all() for index in range(4))


def test_a_constant_threshold_stays(halves, brightness, tmp_path):
    reports, _ = label(brightness(), halves, tmp_path, policy="ct")
    assert {tuple(report.thresholds) for report in reports} == {(0.7, 0.7)}


def test_class_balanced_thresholds_keep_the_portion_of_each_class(halves, brightness, tmp_path):
    selection = {"policy": "cbst", "portion": 0.3, "sample_interval": 1}
    reports, summary = label(brightness(0.3), halves, tmp_path, **selection)
    assert len({tuple(report.thresholds) for report in reports}) == 1
    shares = np.divide(summary.class_kept_pixels, summary.class_predicted_pixels)
    np.testing.assert_allclose(shares, 0.3, atol=0.03)


def test_images_of_one_class_leave_the_other_threshold_alone(halves, brightness, tmp_path):
    _, summary = label(brightness(one_class=True), halves, tmp_path)
    assert summary.class_predicted_pixels[1] == 0
    assert summary.thresholds[1] == pytest.approx(0.7)
    assert summary.sampling_probabilities[1] == 0.0


def test_a_set_of_which_nothing_is_kept_is_summarised(halves, brightness, tmp_path):
    _, summary = label(brightness(certainty=1e-3), halves, tmp_path, policy="ct")
    assert (summary.kept_share, summary.class_kept_pixels) == (0.0, [0, 0])
    assert summary.sampling_probabilities == [0.0, 0.0]


def test_canceling_stops_the_counting_of_policy_cbst(halves, brightness):
    def cancel(_progress):
        raise Canceled

    selection = SelectionSpec(policy="cbst")
    measured = from_network(brightness(), halves, selection, InferenceSpec(), torch.device("cpu"))
    labels = generate_labels(
        measured, halves.entries, 2, selection, LossSpec(), state=None, on_progress=cancel
    )
    with pytest.raises(Canceled):
        next(labels)


HALVES = ClassSpace(name="halves", classes=("dark", "bright"), colours=((0, 0, 90), (250, 200, 0)))


def report_of(order, values=(0.9, 0.5), kept=(4, 0)):
    return LabelReport(
        name=str(order), order=order, height=2, width=4, thresholds=[0.8, 0.9], predicted_pixels=[5, 3],
        kept_pixels=list(kept), class_values=list(values), region_weights=[],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "together", "done"), [(0, 1, None), (3, 1, 3), (3, 2, 2), (1, 2, None)]
)
def test_only_complete_instances_count_as_done(written, together, done):
    state = state_after([report_of(order) for order in range(written)], together)
    assert (state.done if state else None) == done


def test_a_hard_class_without_a_kept_pixel_is_never_pasted():
    summary = summarise_labels([report_of(0), report_of(1)], PasteSpec(hard_classes=2), HALVES, None)
    assert summary.hard_classes == [1, 0]
    assert summary.sampling_probabilities == [1.0, 0.0]
    assert (summary.kept_share, summary.images) == (0.5, 2)


def test_without_pasting_no_class_is_hard():
    assert summarise_labels([report_of(0)], PasteSpec(enabled=False), HALVES, None).hard_classes == []


def test_a_class_never_kept_and_one_never_predicted_are_alarms():
    starving = summarise_labels([report_of(0)], PasteSpec(), HALVES, None)
    assert starving.alarms == [
        "bright: predicted on 3 pixels but never kept, so the student will not see it."
    ]
    absent = report_of(0).model_copy(update={"predicted_pixels": [8, 0]})
    assert summarise_labels([absent], PasteSpec(), HALVES, None).alarms == [
        "bright: never predicted, so the student will not see it."
    ]
    nothing = summarise_labels([report_of(0, kept=(0, 0))], PasteSpec(), HALVES, None)
    assert nothing.alarms == ["No pixel of any class was kept: the student has no labels to learn from."]
    assert summarise_labels([report_of(0, kept=(4, 1))], PasteSpec(), HALVES, None).alarms == []


def test_labels_are_scored_where_there_is_ground_truth(halves, brightness, tmp_path):
    reports, summary = label(brightness(0.3), halves, tmp_path)
    kept = sum(sum(report.kept_pixels) for report in reports)
    assert summary.quality.images == 4
    assert summary.quality.coverage == pytest.approx(kept / (4 * 32 * 48))
    assert summary.quality.precision == summary.quality.mean_iou == 1.0


def test_labels_without_ground_truth_have_no_score(write_halves, brightness, tmp_path):
    from hiast.data import ImageSet, scan_dataset

    spec = write_halves(labelled=False)
    images = ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
    _, summary = label(brightness(), images, tmp_path / "labels")
    assert summary.quality is None


def test_the_gate_removes_inconsistent_pixels_before_the_thresholds(halves, brightness, tmp_path):
    """Pixels at the border between the halves have neighbours of the other class."""
    plain, _ = label(brightness(0.3), halves, tmp_path / "plain", policy="nt")
    gated, _ = label(
        brightness(0.3), halves, tmp_path / "gated", policy="nt", local_consistency=0.9, local_window=5
    )
    for report in gated:
        reason = read_reason(tmp_path / "gated", report.name)
        inconsistent = int((reason == Reason.INCONSISTENT).sum())
        assert inconsistent > 0
        assert sum(report.kept_pixels) == reason.size - inconsistent
    assert [r.predicted_pixels for r in gated] == [r.predicted_pixels for r in plain]


@pytest.mark.parametrize("selection", [{"policy": "ias"}, {"policy": "cbst"}])
def test_one_image_is_a_set(write_halves, brightness, tmp_path, selection):
    from hiast.data import ImageSet, scan_dataset

    spec = write_halves(count=1)
    images = ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
    reports, summary = label(brightness(0.3), images, tmp_path / "labels", **selection)
    assert len(reports) == summary.images == 1
    assert np.isfinite(summary.thresholds).all()
