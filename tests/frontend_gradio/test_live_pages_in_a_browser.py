"""Pages that change while somebody looks at them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect

from tests.frontend_gradio.accessibility import violations
from tests.frontend_gradio.conftest import CHROMIUM
from tests.frontend_gradio.fake_records import FakeRecords, job

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:  # noqa: ARG001  (closed first)
    opened = browser.new_page(viewport={"width": 1280, "height": 800}, accept_downloads=True)
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


@pytest.fixture
def records(app: FastAPI) -> FakeRecords:
    known: FakeRecords = app.state.records
    return known


def test_rows_keep_focus_and_selection_while_others_come_and_change(
    page: Page, origin: str, records: FakeRecords
) -> None:
    page.goto(f"{origin}/ui/jobs")
    page.locator("#job-3 a").focus()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#job-2 a'))")
    page.evaluate("document.querySelector('#job-3').marked = true")
    records.jobs[0] = records.jobs[0].model_copy(update={"done": 150})
    records.jobs.insert(0, job(10, "evaluate", "queued", "run 2: evaluate", run_id=2, worker=None))
    expect(page.locator("#job-10")).to_be_visible()
    expect(page.locator("#job-9")).to_contain_text("150 / 200")
    expect(page.locator("#job-3 a")).to_be_focused()
    assert page.evaluate("document.querySelector('#job-3').marked")
    assert page.evaluate("getSelection().toString()") == "run 1, round 1: label 14 images"


def test_a_plot_keeps_its_zoom_and_series_when_points_come(
    page: Page, origin: str, records: FakeRecords
) -> None:
    records.jobs.append(records.jobs.pop(0).model_copy(update={"run_id": 1}))
    records.runs[0] = records.runs[0].model_copy(update={"state": "running"})
    page.goto(f"{origin}/ui/?run=1")
    expect(page.locator("#loss-plot .main-svg").first).to_be_visible()
    area = "document.querySelector('#loss-plot .st-plot-area')"
    box = page.locator("#loss-plot .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 62, steps=5)
    page.mouse.up()
    page.locator("#loss-plot .legendtoggle").nth(1).click()
    page.wait_for_function(f"{area}.data[1].visible === 'legendonly'")
    zoomed = page.evaluate(f"{area}._fullLayout.xaxis.range")
    assert zoomed[1] - zoomed[0] < 80
    more = records.curves[0].points[-1].model_copy(update={"iteration": 85})
    records.curves[1] = records.curves[1].model_copy(update={"points": [*records.curves[0].points, more]})
    page.wait_for_function(f"{area}.data[4].x.length === 18")
    assert page.evaluate(f"{area}._fullLayout.xaxis.range") == zoomed
    assert page.evaluate(f"{area}.data[1].visible") == "legendonly"


def test_a_point_of_a_threshold_leads_to_the_image_that_made_it(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/round?round=2")
    expect(page.locator("#threshold-plot .main-svg").first).to_be_visible()
    area = "document.querySelector('#threshold-plot .st-plot-area')"
    assert page.evaluate(f"{area}.data[0].customdata[4]") == "dusk/0004"
    page.evaluate(f"{area}.emit('plotly_click', {{ points: [{{ pointIndex: 4 }}] }})")
    expect(page.locator("#label-name")).to_have_text("dusk/0004")


def test_the_csv_of_a_plot_holds_what_is_drawn(page: Page, origin: str, tmp_path: Path) -> None:
    page.goto(f"{origin}/ui/round?round=2")
    with page.expect_download() as download:
        page.locator("#kept-plot .st-csv").click()
    download.value.save_as(tmp_path / "kept.csv")
    head, *lines = (tmp_path / "kept.csv").read_text().splitlines()
    assert download.value.suggested_filename == "kept-plot.csv"
    assert head == 'series,"kept share, %",y'
    assert len([line for line in lines if line.startswith("this round,")]) == 12
    assert len([line for line in lines if line.startswith("round before,")]) == 12


def test_the_log_follows_its_end_unless_somebody_reads_further_up(
    page: Page, origin: str, records: FakeRecords
) -> None:
    records.log_lines += [f"line {number}" for number in range(200)]
    page.goto(f"{origin}/ui/jobs?job=9")
    log = page.locator("#job-log")
    at_end = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight < 5"
    expect(log).to_contain_text("line 199")
    page.wait_for_function(f"({at_end})(document.querySelector('#job-log'))")
    records.log_lines.append("line at the end")
    expect(log).to_contain_text("line at the end")
    page.wait_for_function(f"({at_end})(document.querySelector('#job-log'))")
    log.evaluate("(log) => { log.scrollTop = 40; }")
    records.log_lines.append("line after that")
    expect(log).to_contain_text("line after that")
    assert log.evaluate("(log) => log.scrollTop") == 40


def test_jobs_are_filtered_and_chosen_without_leaving_the_page(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/jobs")
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="failed").click()
    expect(page.locator("#jobs-table tbody tr")).to_have_count(1)
    page.locator("#job-8 a").click()
    expect(page.locator("#job-heading")).to_contain_text("out of memory")
    expect(page).to_have_url(re.compile(r"/ui/jobs\?state=failed&job=8$"))
    page.go_back()
    expect(page.locator("#job-heading")).to_contain_text("No job selected")
    page.get_by_role("link", name="queued").click()
    expect(page.locator("#jobs")).to_contain_text("No job is queued.")
    assert page.evaluate("window.stayed")


def test_a_job_is_canceled_only_after_a_yes(page: Page, origin: str, records: FakeRecords) -> None:
    page.goto(f"{origin}/ui/jobs?job=9")
    page.locator("#cancel-job").click()
    expect(page.locator("#answer-yes")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.reload()
    page.locator("#cancel-job").click()
    expect(page.locator("#answer-yes")).to_be_visible()
    assert records.jobs[0].state == "running"
    assert violations(page) == []
    page.locator("#answer-yes").click()
    expect(page.locator("#job-state")).to_contain_text("canceling")


def test_an_api_that_is_away_is_told_and_forgiven(page: Page, origin: str, records: FakeRecords) -> None:
    page.goto(f"{origin}/ui/jobs?job=9")
    expect(page.locator("#job-log")).to_be_visible()
    records.away = True
    expect(page.locator(".st-trouble")).to_contain_text(
        "The database does not answer. What you see may be old"
    )
    expect(page.locator("#job-log")).to_be_visible()
    records.away = False
    expect(page.locator(".st-trouble")).to_be_hidden()


def test_a_hidden_tab_asks_for_nothing(page: Page, origin: str, records: FakeRecords) -> None:
    page.goto(f"{origin}/ui/jobs")
    expect(page.locator("#job-9")).to_be_visible()
    hide = "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    page.evaluate(hide + " document.dispatchEvent(new Event('visibilitychange')); }", True)
    page.clock.install()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/queue/join" in request.url else None)
    page.clock.run_for(120_000)
    assert asked == []
    page.evaluate(hide + " document.dispatchEvent(new Event('visibilitychange')); }", False)
    records.jobs[0] = records.jobs[0].model_copy(update={"done": 151})
    page.clock.run_for(10_000)
    expect(page.locator("#job-9")).to_contain_text("151 / 200")
    assert asked != []


def test_the_question_before_training_is_a_dialog_that_escape_closes(
    page: Page, origin: str, records: FakeRecords
) -> None:
    page.goto(f"{origin}/ui/round?round=2")
    page.locator("#approve-round").click()
    expect(page.get_by_role("dialog", name="Approve round 2?")).to_be_visible()
    expect(page.locator("#approve-confirm")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#approval")).to_be_hidden()
    assert records.round(2).state == "reviewing"
