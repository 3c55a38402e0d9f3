import pytest

from hiast.contracts.reports import SelectionReport
from hiast.report import RoundOutcome, ScoredNetwork, write_run_report
from tests.hiast.report.page_text import PageText

CHECKPOINTS = ("warm_up/model.safetensors", "rounds/1/student.safetensors", "rounds/1/teacher.safetensors")


@pytest.fixture
def networks(make_evaluation):
    scores = [make_evaluation(0.4, mIoU13=0.45), make_evaluation(0.5, mIoU13=0.55), make_evaluation(0.45)]
    places = [(0, "before round 1"), (1, "student"), (1, "teacher")]
    return [
        ScoredNetwork(number, name, checkpoint, score)
        for (number, name), checkpoint, score in zip(places, CHECKPOINTS, scores, strict=True)
    ]


@pytest.fixture
def write(spec, halves, networks, label_set, tmp_path):
    def write(**changes):
        values = {
            "spec": spec,
            "classes": halves.classes,
            "networks": networks,
            "rounds": [RoundOutcome(1, label_set, "rounds/1/report.html")],
            "selection": None,
        }
        write_run_report(tmp_path / "report.html", **{**values, **changes})
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return write


def chosen_by(criterion, chosen=CHECKPOINTS[2], scores=None):
    saw = criterion == "target_labels"
    return SelectionReport(criterion=criterion, chosen=chosen, scores=scores or {}, saw_target_labels=saw)


def test_the_table_has_every_network_and_the_labels_between(write):
    page = PageText(write())
    assert page.row("mIoU") == ["40.0", "50.0", "45.0"]
    assert page.row("mIoU13") == ["45.0", "55.0", "–"]
    assert page.row("dark") == ["40.0", "50.0", "45.0"]
    assert page.row("bright") == ["–", "–", "–"]
    assert page.row("Kept share of pixels") == ["", "32.5"]
    assert page.row("Precision") == ["", "92.3"]
    assert page.row("Pseudo-label IoU") == ["", "87.1"]
    assert page.links == ["rounds/1/report.html"]


def test_the_best_of_a_row_is_bold(write):
    assert "<b>50.0</b>" in write()
    assert "<b>45.0</b>" not in write()


def test_the_chosen_network_is_marked(write):
    page = PageText(write(selection=chosen_by("last")))
    assert page.rows[1][1:] == ["before round 1", "student", "resultteacher"]
    assert "teacher, round 1" in page.text
    assert "+5.0" in page.text
    assert "result" not in PageText(write()).rows[1][3]


def test_a_choice_that_saw_target_labels_is_a_clear_warning(write):
    warning = "chosen with target labels"
    honest = write(selection=chosen_by("information", scores=dict.fromkeys(CHECKPOINTS, 1.25)))
    assert warning not in honest
    assert PageText(honest).row("information") == ["1.250"] * 3
    marked = write(selection=chosen_by("target_labels", scores=dict.fromkeys(CHECKPOINTS, 0.5)))
    assert marked.index(warning) < marked.index("Networks and labels")
    assert 'class="notice" role="alert"><b>The result' in marked


def test_a_run_without_scores_or_rounds_has_a_page(write, networks):
    unscored = [network._replace(evaluation=None) for network in networks]
    page = PageText(write(networks=unscored, rounds=[]))
    assert page.row("mIoU") == ["–"] * 3
    assert "not chosen yet" in page.text
    assert "svg" not in page.tags


def test_a_choice_outside_the_listed_networks_is_shown_by_its_path(write):
    assert "elsewhere.safetensors" in write(selection=chosen_by("last", chosen="elsewhere.safetensors"))


def test_alarms_name_their_round_and_are_escaped(write):
    page = write()
    assert "Round 1: class &lt;i&gt;bright&lt;/i&gt; was never kept" in page
