import re

import numpy as np
import pytest

from hiast.contracts.run_spec import SelectionSpec
from hiast.data.atomic_files import write_atomically
from hiast.data.corrections import DecidedLabels, encode_correction, with_corrections_beside
from hiast.report import write_round_report
from hiast.report.round_page import target_share
from tests.hiast.report.page_text import PageText


@pytest.fixture
def write(spec, halves, labels, label_set, training, metrics, make_evaluation, tmp_path):
    def write(**changes):
        values = {
            "spec": spec,
            "number": 1,
            "images": halves,
            "files": DecidedLabels(tmp_path / "labels"),
            "labels": labels,
            "label_set": label_set,
            "training": training,
            "metrics": metrics,
            "evaluations": {"before": make_evaluation(0.4), "student": make_evaluation(0.375)},
        }
        write_round_report(tmp_path / "page" / "report.html", **{**values, **changes})
        return (tmp_path / "page" / "report.html").read_text(encoding="utf-8")

    return write


def test_the_class_table_says_what_was_kept_and_how_good_it_is(write):
    page = PageText(write())
    threshold, target, kept, predicted, value, hard, pasted, *rest = page.row("dark")
    assert (threshold, kept, predicted, value, hard, pasted) == ("0.600", "15.6", "3,072", "0.900", "", "")
    assert target == f"{100 * 0.5 * 0.6**8:.1f}"
    assert rest == ["40.0", "95.1", "94.0", "40.0", "37.5"]
    _, _, kept, predicted, _, hard, pasted, *rest = page.row("bright")
    assert (kept, predicted, hard, pasted) == ("–", "0", "hard", "100.0")
    assert rest == ["–"] * 5


def test_headline_numbers_and_their_change(write):
    text = " ".join(PageText(write()).text.split())
    assert "Images labelled4" in text
    assert "3 trained on" in text
    assert "Kept share of pixels32.5%" in text
    assert "Right among the kept92.3%" in text
    assert "Validation mIoU, before40.0%" in text
    assert "Validation mIoU, student37.5%−2.5" in text


def test_alarms_come_before_everything_else_and_their_absence_is_said(write, label_set):
    alarmed = write()
    assert alarmed.index("was never kept") < alarmed.index("Images labelled")
    assert "No alarm was raised" not in alarmed
    calm = write(label_set=label_set.model_copy(update={"alarms": []}))
    assert "No alarm was raised" in calm


def test_names_are_escaped(write):
    page = write()
    assert "<b>dawn" not in page
    assert "<i>bright" not in page
    assert "dusk &amp; &lt;b&gt;dawn&lt;/b&gt;" in page


def test_the_page_needs_nothing_beside_it_and_no_script(write):
    page = write()
    parsed = PageText(page)
    assert not {"script", "link", "iframe", "object"} & set(parsed.tags)
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "url(" not in page
    assert "default-src 'none'" in page
    assert len(parsed.images) == 3 * 4
    assert len(page) < 3_000_000


def test_losses_are_drawn_by_term(write):
    page = write()
    assert "0.25 at the end" in page
    assert 'aria-label="learning_rate"' in page
    assert "Training of the student" not in write(metrics=[], training=None)


def test_thresholds_are_drawn_in_labelling_order(write, labels):
    assert write() == write(labels=list(reversed(labels)))
    assert "<title>dark: 0.6 at the end</title>" in write()


def test_without_scores_and_ground_truth_the_page_leaves_them_out(write, label_set):
    page = write(evaluations={}, label_set=label_set.model_copy(update={"quality": None}))
    assert "mIoU" not in PageText(page.partition("<details>")[0]).text
    assert len(PageText(page).row("dark")) == 7


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"policy": "ias", "alpha": 0.5, "gamma": 8}, 0.5 * 0.9**8),
        ({"policy": "cbst", "portion": 0.3}, 0.3),
        ({"policy": "ct"}, None),
        ({"policy": "nt"}, None),
    ],
)
def test_the_share_a_policy_means_to_keep(options, expected):
    share = target_share(SelectionSpec(**options), 0.9)
    assert share == (None if expected is None else pytest.approx(expected))


def test_a_choice_by_target_labels_is_announced(write, spec):
    evaluation = spec.evaluation.model_copy(update={"select_by": "target_labels"})
    assert "TARGET LABELS" in write(spec=spec.model_copy(update={"evaluation": evaluation}))
    assert "TARGET LABELS" not in write()


def test_what_people_changed_is_on_the_page(write, labels, tmp_path):
    drawn = np.full((32, 48), 255, np.uint8)
    drawn[:2], drawn[2, :5] = 1, 254
    write_atomically(tmp_path / "labels" / "0.correction.png", encode_correction(drawn))
    files = with_corrections_beside(tmp_path / "labels", labels)
    page = PageText(write(files=files)).text
    assert (
        "1 label was changed before the training: 96 pixels corrected, 5 set to ignored, 0 vetoed." in page
    )
    assert "Decisions of people" not in PageText(write()).text
    assert "corrected in review" in page
    assert "corrected in review" not in PageText(write()).text
