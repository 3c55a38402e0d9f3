"""What only a team's set-up has: one origin for processes apart, machines that share only servers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from tests.end_to_end.studio_process import ROOT, Studio, wait_for
from tests.end_to_end.team_processes import ADMIN, TeamStudio, compose_services

pytestmark = [pytest.mark.services, pytest.mark.parametrize("studio", ["team"], indirect=True)]


@pytest.fixture
def team(streets: Studio) -> TeamStudio:
    assert isinstance(streets, TeamStudio)
    return streets


def _get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=10, trust_env=False)


def test_pages_and_api_share_one_origin_and_run_apart(team: TeamStudio) -> None:
    first = _get(team.url)
    assert (first.status_code, first.headers["location"]) == (302, "/ui/")
    signed_out = httpx.get(f"{team.url}/ui/", headers={"accept": "text/html"}, trust_env=False)
    assert (signed_out.status_code, signed_out.headers["location"]) == (303, "/sign-in?next=/ui/")
    with httpx.Client(base_url=team.url, timeout=30, trust_env=False) as visitor:
        assert visitor.post("/api/v1/session", json=ADMIN).status_code == 201
        page = visitor.get("/ui/")
        assert visitor.get("/api/v1/recipes").json()
    # The page's head travels as a string inside Gradio's configuration.
    assert '"api": "/api/v1"' in page.text.replace("\\", "")
    assert _get(f"{team.url}/ui-static/studio.css").status_code == 200
    api, ui = (f"http://127.0.0.1:{team.ports[name]}" for name in ("api", "ui"))
    assert _get(f"{ui}/healthz").json()["problems"] == []
    assert (_get(f"{api}/ui/").status_code, _get(f"{ui}/api/v1/recipes").status_code) == (404, 404)
    for origin in (api, ui):
        refused = httpx.get(f"{origin}/healthz", headers={"host": "evil.example"}, trust_env=False)
        assert refused.status_code == 400


@pytest.mark.browser
def test_a_browser_sees_the_data_sets_through_the_proxy(team: TeamStudio) -> None:
    foreign: list[str] = []
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_page()
        page.request.post(f"{team.url}/api/v1/session", data=ADMIN)
        local = (team.url, "data:", "blob:")
        page.on("request", lambda sent: None if sent.url.startswith(local) else foreign.append(sent.url))
        page.goto(f"{team.url}/ui/datasets")
        expect(page.get_by_text("validation").first).to_be_visible(timeout=30_000)
        browser.close()
    assert foreign == []


def test_a_round_begun_on_one_machine_is_finished_on_another(team: TeamStudio) -> None:
    settings = {"rounds": 1, "training__iterations": 60}
    whole_id = team.start_run("on one machine", **settings)
    team.wait_for_run(whole_id, "waiting_for_review")
    team.post(f"/runs/{whole_id}/advance")
    team.wait_for_run(whole_id, "succeeded")

    run_id = team.start_run("on two machines", **settings)
    round_id = team.wait_for_run(run_id, "waiting_for_review")["rounds"][0]["id"]
    team.post(f"/runs/{run_id}/advance")
    job = team.wait_for_job(run_id, "train_round", done=3)
    # The state is stored and sent when the worker stops; the machine and its cache are then lost.
    team.stop_part("machine 1")
    assert team.get(f"/jobs/{job['id']}")["state"] == "queued"
    assert any(name.endswith("training_state.pt") for name in team.stored_files(run_id))
    shutil.rmtree(team.home / "cache of machine 1")
    team.start_worker("machine 2")
    run = team.wait_for_run(run_id, "succeeded")
    finished = team.get(f"/jobs/{job['id']}")
    assert (finished["attempt"], run["rounds"][0]["evaluation"]["images"]) == (2, 3)
    assert not any(name.endswith("training_state.pt") for name in team.stored_files(run_id))

    for name in ("student", "teacher"):
        one, other = (_checkpoint(team, run, name) for run in (whole_id, run_id))
        assert one == other, f"the {name} is another one than without the interruption"
    _another_api_process_shows(team, team.get(f"/rounds/{round_id}/labels")["items"])
    team.start_worker("machine 1")
    wait_for("both workers to be healthy", lambda: all(_healthy(team, f"machine{n}") for n in (1, 2)))
    team.stop_part("machine 2")


def _another_api_process_shows(team: TeamStudio, labels: list[dict[str, Any]]) -> None:
    """It has a cache of its own, and knows nothing of the machine that made them and is gone."""
    team.start_api("another api")
    origin = f"http://127.0.0.1:{team.ports['another api']}"
    wait_for("another API process", lambda: _answers(f"{origin}/readyz"))
    with team.client_at(origin) as client:
        for label in labels:
            assert client.get(f"/labels/{label['id']}/layers/kept").status_code == 200
    team.stop_part("another api")


def _answers(url: str) -> bool:
    try:
        return _get(url).status_code == 200
    except httpx.TransportError:
        return False


def _healthy(team: TeamStudio, host: str) -> bool:
    """What the compose file asks of a worker's container, on the host of that name."""
    _, command = compose_services()["worker"]["healthcheck"]["test"]
    environment = {**os.environ, **team.variables, "HOSTNAME": host, "PYTHONPATH": str(ROOT)}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    command = ["sh", "-c", command.replace("$$", "$")]
    asked = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
    return asked.returncode == 0


def _checkpoint(team: TeamStudio, run_id: int, name: str) -> bytes:
    key = f"studio/runs/{run_id}/rounds/1/{name}.safetensors"
    content: bytes = team.s3.client().get_object(Bucket="studio", Key=key)["Body"].read()
    return content
