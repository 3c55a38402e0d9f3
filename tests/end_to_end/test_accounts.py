"""A studio that others can reach: not before an admin can sign in, and then for nobody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.studio_process import Studio, free_port, processes_of

pytestmark = pytest.mark.services
ADMIN = {"name": "admin", "password": "correct horse"}


@pytest.fixture
def shared() -> Iterator[Studio]:
    """A studio on an empty home, not up yet."""
    home = Path(tempfile.mkdtemp(prefix="hs-", dir="/tmp"))
    studio = Studio(home, free_port())
    yield studio
    studio.kill_everything()
    shutil.rmtree(home)


def _run(studio: Studio, *arguments: str, text: str = "", **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        studio.command(*arguments),
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout + done.stderr


def test_a_studio_is_shared_once_it_has_an_admin(shared: Studio) -> None:
    options = ("up", "--port", str(shared.port), "--empty", "--host", "0.0.0.0")
    code, said = _run(shared, *options)
    assert code == 2
    assert "./studio password" in said
    assert processes_of(shared.home) == {}

    code, said = _run(shared, "password", text="short\n")
    assert code == 2
    assert "at least 10" in said
    code, said = _run(shared, "password", text=f"{ADMIN['password']}\n")
    assert (code, ADMIN["password"] in said) == (0, False)

    shared.up("--host", "0.0.0.0")
    address = f"http://{_own_address()}:{shared.port}"
    with httpx.Client(base_url=address, trust_env=False) as visitor:
        page = visitor.get("/ui/", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["Location"]) == (303, "/sign-in?next=/ui/")
        assert visitor.get("/api/v1/runs").status_code == 401
        assert visitor.post("/api/v1/session", json=ADMIN).status_code == 201
        assert visitor.get("/ui/", headers={"Accept": "text/html"}).status_code == 200
        token = visitor.post("/api/v1/tokens", json={"name": "status"}).json()["secret"]
    # Not even the machine itself is let in any more.
    assert httpx.get(f"{shared.url}/api/v1/runs", trust_env=False).status_code == 401
    code, said = _run(shared, "status")
    assert (code, "STUDIO_TOKEN" in said) == (2, True)
    code, said = _run(shared, "status", STUDIO_TOKEN=token)
    assert (code, shared.url in said) == (0, True)
    shared.stop()
    for log in (shared.home / "logs").iterdir():
        assert token not in log.read_text(errors="replace"), log


def _own_address() -> str:
    """An address of this machine that is not loopback, if it has one."""
    told = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout
    return next((address for address in told.split() if ":" not in address), "127.0.0.1")
