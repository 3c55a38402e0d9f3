import pytest
import torch

from hiast.contracts.errors import Canceled, UserError
from hiast.contracts.run_spec import EvaluationSpec
from hiast.data import ImageSet, scan_dataset
from hiast.rounds.evaluate import evaluate

CPU = torch.device("cpu")


class Constant(torch.nn.Module):
    def forward(self, images):
        scores = torch.zeros(len(images), 2, *images.shape[-2:])
        scores[:, 0] = 1.0
        return scores


def test_perfect_predictions_score_one(halves, brightness):
    report = evaluate(
        brightness(), halves, EvaluationSpec(), device=CPU, on_progress=lambda _progress: None
    )
    assert (report.images, report.mean_iou, report.pixel_accuracy) == (4, 1.0, 1.0)
    assert report.class_iou == [1.0, 1.0]


def test_a_class_that_does_not_occur_has_no_score(halves, tmp_path):
    from PIL import Image

    for path in (tmp_path / "halves/labels").iterdir():
        Image.new("L", (48, 32)).save(path)
    report = evaluate(Constant(), halves, EvaluationSpec(), device=CPU, on_progress=lambda _progress: None)
    assert report.class_iou == [1.0, None]
    assert report.mean_iou == 1.0


def test_a_missed_class_scores_zero(halves):
    report = evaluate(Constant(), halves, EvaluationSpec(), device=CPU, on_progress=lambda _progress: None)
    assert report.class_iou[1] == 0.0
    assert report.mean_iou == pytest.approx(report.pixel_accuracy / 2)


def test_images_without_ground_truth_are_refused(write_halves, brightness):
    spec = write_halves(labelled=False)
    images = ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
    with pytest.raises(UserError, match="image '0' has no label.*labelled images"):
        evaluate(brightness(), images, EvaluationSpec(), device=CPU, on_progress=lambda _progress: None)


def test_canceling_stops_after_one_image(halves, brightness):
    seen = []

    def cancel(progress):
        seen.append(progress.done)
        raise Canceled

    with pytest.raises(Canceled):
        evaluate(brightness(), halves, EvaluationSpec(), device=CPU, on_progress=cancel)
    assert seen == [1]


def test_means_are_over_the_listed_classes(halves):
    spec = EvaluationSpec(classes=(0,), further_means={"second": (1,), "both": (0, 1)})
    report = evaluate(Constant(), halves, spec, device=CPU, on_progress=lambda _progress: None)
    assert report.mean_iou == report.class_iou[0] > 0.0
    assert report.further_means == {"second": 0.0, "both": pytest.approx(report.class_iou[0] / 2)}


@pytest.mark.parametrize(
    "options",
    [
        {"size": (40, 60)}, {"scales": (0.75, 1.0, 1.5)}, {"flip": True}, {"window": (20, 30)},
        {"size": (48, 72), "scales": (0.5, 1.0), "flip": True, "window": (24, 24)},
    ],
)  # fmt: skip
def test_however_a_network_looks_the_scores_stay_high(halves, brightness, options):
    report = evaluate(
        brightness(), halves, EvaluationSpec(**options), device=CPU, on_progress=lambda _progress: None
    )
    assert report.mean_iou > 0.93
