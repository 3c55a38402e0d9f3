"""Views are data in, HTML out."""

from __future__ import annotations

import pytest

from backend.pagination import Page
from backend.rounds.schemas import RoundRead
from frontend_gradio.views import (
    class_table,
    dataset_table,
    header,
    job_table,
    markup,
    round_summary,
    run_detail,
    run_table,
    settings_text,
    viewer_frame,
)
from hiast.contracts.class_spaces import CLASS_SPACES, STREETS
from tests.frontend_gradio.fake_api import WORKERS
from tests.frontend_gradio.fake_corrections import preview_of
from tests.frontend_gradio.fake_records import FakeRecords

EVIL = '<img src=x onerror="alert(1)">'


@pytest.fixture
def records() -> FakeRecords:
    return FakeRecords()


def test_text_from_outside_never_becomes_markup(records: FakeRecords) -> None:
    run = records.runs[1].model_copy(update={"name": EVIL, "source": EVIL, "target": EVIL, "error": EVIL})
    job = records.jobs[0].model_copy(update={"title": EVIL, "message": EVIL, "error": EVIL, "worker": EVIL})
    dataset = records.datasets[3].model_copy(update={"name": EVIL, "error": EVIL})
    round_ = records.round(2).model_copy(update={"approved_by": EVIL})
    image = records.images[0].model_copy(update={"name": EVIL, "problem": EVIL})
    recipe = records.recipes[0].model_copy(update={"description": EVIL, "expected_time": EVIL})
    drawn = [
        run_table.runs_table([run], [job]),
        run_table.recipe_note(recipe),
        run_detail.run_heading(run),
        run_detail.active_job(job),
        job_table.jobs_table([job], None),
        job_table.job_heading(job),
        job_table.job_log(1, EVIL),
        dataset_table.datasets_table([dataset], None),
        dataset_table.dataset_heading(dataset),
        dataset_table.faulty_table(Page(items=[image], total=1)),
        round_summary.round_heading(round_, run),
        markup.notice(EVIL),
        markup.link(f'/"{EVIL}', EVIL),
    ]
    for html in drawn:
        assert "<img" not in html
        assert "&lt;img" in html


def test_empty_lists_say_what_to_do_next() -> None:
    assert "Choose a recipe" in run_table.runs_table([], [])
    assert "start a run" in job_table.jobs_table([], None)
    assert "Register one" in dataset_table.datasets_table([], None)


def test_a_waiting_run_links_to_the_labels_that_wait(records: FakeRecords) -> None:
    html = run_table.runs_table([records.run(1)], [])
    assert 'href="/ui/inspect?round=2"' in html
    assert "Review 10 labels" in html


def test_a_running_run_shows_progress_and_time_left(records: FakeRecords) -> None:
    html = run_table.runs_table([records.run(2)], records.jobs)
    assert "width:31.0%" in html
    assert "warm up, 1 min 34 s left" in html


@pytest.mark.parametrize(
    ("state", "report", "expected"),
    [
        ("labelling", "label_set", ["now", "later", "later", "later"]),
        ("reviewing", "training", ["done", "wait", "later", "later"]),
        ("training", "training", ["done", "done", "now", "later"]),
        ("failed", "approved_by", ["done", "stopped", "later", "later"]),
        ("finished", None, ["done", "done", "done", "done"]),
    ],
)
def test_the_strip_shows_how_far_a_round_is(
    records: FakeRecords, state: str, report: str | None, expected: list[str]
) -> None:
    missing = {"training": None, "approved_by": None} if report else {}
    round_ = records.rounds[0].model_copy(update={"state": state, **missing})
    run = records.runs[0].model_copy(update={"rounds": [round_]})
    html = run_detail.pipeline_strip(run).split("Round 1")[1].split("</section>")[0]
    assert [part.split('"')[0] for part in html.split('<li class="')[1:]] == expected


def test_a_run_without_review_has_no_review_step(records: FakeRecords) -> None:
    spec = records.spec.model_copy(update={"review": False})
    html = run_detail.pipeline_strip(records.runs[0].model_copy(update={"spec": spec}))
    assert "review" not in html
    assert "label" in html


def test_the_approval_question_counts_what_is_trained_on(records: FakeRecords) -> None:
    html = round_summary.approval_question(records.round(2), preview_of(records, 2))
    assert "<b>13 images</b>" in html
    assert html.count('<tr id="trained-') == 12
    road = preview_of(records, 2).classes[0]
    assert f"{road.trained_pixels:,}" in html
    assert f"{road.trained_pixels - road.kept_pixels:+,}" in html
    assert "25.0 % of 5" in html
    assert "<b>1 rejected</b> are excluded" in html
    assert round_summary.approve_words(records.round(2)) == "Approve round (13 labels)…"


def test_only_a_round_in_review_can_be_approved(records: FakeRecords) -> None:
    states = {state: records.round(2).model_copy(update={"state": state}) for state in _states()}
    assert [state for state, round_ in states.items() if round_summary.can_approve(round_)] == ["reviewing"]


def _states() -> list[str]:
    return list(RoundRead.model_fields["state"].annotation.__args__)  # type: ignore[union-attr]


def test_classes_show_change_and_hardness(records: FakeRecords) -> None:
    html = class_table.class_table(records.class_summaries(2))
    assert html.count('class="st-hard"') == 4
    assert html.count("25.0 %") == 4
    first = class_table.class_table(records.class_summaries(1))
    assert "st-up" not in first


def test_workers_say_what_they_have_and_do() -> None:
    html = job_table.workers_table(WORKERS)
    assert "24 GiB" in html
    assert "job 9" in html
    assert "not heard of since" in html
    assert "<b>" not in html
    assert "No worker is running" in job_table.workers_table([])


def test_a_job_that_no_worker_can_run_says_what_it_waits_for(records: FakeRecords) -> None:
    needs = "a worker with 2 GPUs; the largest has <1>"
    job = records.jobs[0].model_copy(update={"state": "queued", "waiting_for": needs})
    for html in (job_table.jobs_table([job], None), job_table.job_heading(job)):
        assert "waits for a worker with 2 GPUs; the largest has &lt;1&gt;" in html


def test_a_failed_job_shows_its_sentence_and_its_attempt(records: FakeRecords) -> None:
    job = records.jobs[1].model_copy(update={"attempt": 3})
    assert "Lower training.batch_size" in job_table.jobs_table([job], job.id)
    assert "attempt 3" in job_table.jobs_table([job], job.id)
    assert 'class="selected"' in job_table.jobs_table([job], job.id)


def test_a_log_keeps_its_last_lines() -> None:
    html = job_table.job_log(1, "\n".join(f"line {i}" for i in range(500)), lines=2)
    assert "line 499" in html
    assert "line 497" not in html
    assert "No log lines" in job_table.job_log(1, "")


def test_faulty_files_beyond_the_page_are_counted(records: FakeRecords) -> None:
    assert "and 5 more" in dataset_table.faulty_table(Page(items=records.images[:1], total=6))
    assert dataset_table.faulty_table(None) == ""


def test_the_header_marks_the_current_page() -> None:
    html = header.header("Jobs")
    assert html.count("aria-current") == 1
    assert '<a href="/ui/jobs" aria-current=page>' in html


def test_the_viewer_offers_every_layer_with_its_key() -> None:
    html = viewer_frame.inspect_frame()
    assert html.count("data-layer=") == 11
    assert 'title="Truth (0)"' in html
    assert 'title="Errors"' in html


@pytest.mark.parametrize(("images", "told"), [(1000, False), (1001, True)])
def test_a_set_checked_by_headers_alone_is_marked(images: int, told: bool) -> None:
    dataset = FakeRecords().datasets[0].model_copy(update={"image_count": images})
    assert ("not its pixels" in dataset_table.dataset_heading(dataset)) == told


def test_settings_show_every_palette() -> None:
    html = settings_text.palettes()
    assert html.count("<section>") == len(CLASS_SPACES)
    assert all(name in html for name in STREETS.classes)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "–"), (0.4, "0 s"), (59.4, "59 s"), (94, "1 min 34 s"), (7260, "2 h 1 min")],
)
def test_durations_use_the_two_largest_units(seconds: float | None, words: str) -> None:
    assert markup.duration(seconds) == words
