"""The demo as a newcomer meets it: `./studio up`, then a browser, through both rounds."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.frontend_gradio.conftest import note_errors

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium")
SCREENSHOTS = ROOT / "build" / "screenshots"
pytestmark = [pytest.mark.browser, pytest.mark.services, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def studio() -> Iterator[str]:
    """The address of a fresh `./studio up` with its demo."""
    # The broker's socket path must be short, so no tmp_path.
    home = Path(tempfile.mkdtemp(prefix="hs-", dir="/tmp"))
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (home / "up.log").open("w")
    # The suite runs torch on one thread; the demo is timed as its users run it.
    env = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    command = [sys.executable, str(ROOT / "studio"), "up", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, stderr=log, env=env)
    origin = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: b"demo: run 1 labels" in (home / "up.log").read_bytes(), 180, "the demo run")
        yield origin
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0, (home / "up.log").read_text()
        shutil.rmtree(home)


def wait_until(condition, seconds: float, what: str) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.3)


def run_state(origin: str) -> dict:  # type: ignore[type-arg]
    return httpx.get(f"{origin}/api/v1/runs/1").raise_for_status().json()


@pytest.fixture(scope="module")
def page(studio: str) -> Iterator[Page]:
    """A page that fails the test on a console error or a request that leaves this machine."""
    faults: list[str] = []
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        opened = browser.new_page(viewport={"width": 1440, "height": 900})
        opened.set_default_timeout(30_000)
        note_errors(opened, faults)
        opened.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        local = (studio, "data:", "blob:")
        opened.on("request", lambda sent: None if sent.url.startswith(local) else faults.append(sent.url))
        yield opened
        browser.close()
    assert faults == []


def screenshot(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def decide_on(page: Page, key: str, status: str) -> str:
    """Press a decision key, wait until the next label is shown; returns the name decided on."""
    name = page.locator("#label-name").inner_text()
    page.keyboard.press(key)
    expect(page.locator("#label-name")).not_to_have_text(name)
    expect(page.locator(f'#strip [data-status="{status}"]').first).to_be_attached()
    return name


def test_the_demo_from_first_label_to_round_two(studio: str, page: Page) -> None:
    # Labels can be opened while the job still runs.
    wait_until(
        lambda: run_state(studio)["rounds"] and run_state(studio)["rounds"][0]["label_count"],
        120,
        "a label",
    )
    # The first page of a server that has just started, beside a job that keeps the machine busy.
    for _ in range(4):
        page.goto(f"{studio}/ui/?run=1")
        with contextlib.suppress(AssertionError):
            expect(page.locator("#run-state")).to_be_visible(timeout=15_000)
            break
    expect(page.locator("#run-state")).to_be_visible()
    screenshot(page, "run-labelling")
    page.goto(f"{studio}/ui/inspect?round=1")
    expect(page.locator("#legend-table")).to_be_visible()
    wait_until(lambda: run_state(studio)["state"] == "waiting_for_review", 240, "the review")

    # Look at a label in every layer, then reject it and accept the next.
    page.goto(f"{studio}/ui/inspect?round=1")
    expect(page.locator("#label-name")).to_have_text(re.compile(r"\d{5}"))
    for layer in ("prediction", "kept", "confidence", "reason", "hard-class", "region-weight"):
        page.locator(f"#layer-{layer}").click()
        screenshot(page, f"inspect-{layer}")
    rejected = decide_on(page, "r", "rejected")
    decide_on(page, "a", "accepted")
    first_round = run_state(studio)["rounds"][0]
    assert first_round["reviews"]["rejected"] == 1
    assert first_round["reviews"]["accepted"] == 1

    # Approve: the student trains without the rejected label.
    page.goto(f"{studio}/ui/round?round=1")
    expect(page.locator("#threshold-plot .main-svg").first).to_be_visible()
    screenshot(page, "round")
    page.locator("#approve-round").click()
    expect(page.locator("#approval-summary")).to_contain_text("1")
    page.locator("#approve-confirm").click()
    wait_until(lambda: len(run_state(studio)["rounds"]) == 2, 480, "round 2")
    wait_until(lambda: run_state(studio)["state"] == "waiting_for_review", 240, "the review of round 2")
    rounds = run_state(studio)["rounds"]
    assert rounds[0]["training"]["images"] == rounds[0]["image_count"] - 1
    assert rounds[0]["evaluation"]["images"] == 16

    # The same image in both rounds, side by side.
    labels = httpx.get(f"{studio}/api/v1/rounds/1/labels", params={"status": "rejected"}).json()["items"]
    assert [label["name"] for label in labels] == [rejected]
    label = httpx.get(f"{studio}/api/v1/labels/{labels[0]['id']}").json()
    left, right = (other["id"] for other in label["same_image"])
    page.goto(f"{studio}/ui/compare?left={left}&right={right}")
    expect(page.locator("#compare-table")).to_be_visible()
    screenshot(page, "compare")
    page.goto(f"{studio}/ui/?run=1")
    expect(page.locator("#loss-plot .main-svg").first).to_be_visible()
    screenshot(page, "run-round-2")
    page.emulate_media(color_scheme="dark")
    page.goto(f"{studio}/ui/inspect?label={right}")
    expect(page.locator("#legend-table")).to_be_visible()
    screenshot(page, "inspect-dark")
