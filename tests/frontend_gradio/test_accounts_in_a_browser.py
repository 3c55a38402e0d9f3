"""Signing in, tokens and people in Chromium, with API and pages as the embedded set-up serves them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from backend.migrations import upgrade_database
from backend.settings import get_settings
from frontend_gradio.embedded import create_app
from tests.frontend_gradio.conftest import note_faults
from tests.frontend_gradio.servers import free_port, serving

CHROMIUM = shutil.which("chromium")
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.services,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
ADA = "<b>Ada</b> ${1+1} {{x}}"
PASSWORD = "correct horse"
EXPECTED = re.compile(r"status of (401|403|409|422)")
"""Chromium logs every refused request; these tests provoke some."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    port = free_port()
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path))
    monkeypatch.setenv("STUDIO_API_URL", f"http://127.0.0.1:{port}")
    get_settings.cache_clear()
    upgrade_database(get_settings().resolved_database_url)
    with serving(create_app(), port) as address:
        yield address
    get_settings.cache_clear()


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    """A browser of its own, without cookies, that fails the test on an error or a foreign request."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    note_faults(opened, origin, faults, EXPECTED)
    yield opened
    context.close()
    assert faults == []


def _account(origin: str, name: str, role: str, *, by: str | None = None) -> None:
    with httpx.Client(base_url=f"{origin}/api/v1", trust_env=False) as client:
        if by is not None:
            client.post("/session", json={"name": by, "password": PASSWORD}).raise_for_status()
        body = {"name": name, "role": role, "password": PASSWORD}
        client.post("/users", json=body).raise_for_status()


def _sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def _picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}.png", full_page=True)


def test_the_first_account_is_made_in_the_browser_and_then_needed(page: Page, origin: str) -> None:
    page.goto(f"{origin}/ui/")
    expect(page.locator("#runs")).to_be_visible()
    page.goto(f"{origin}/ui/settings")
    expect(page.locator("#people")).to_contain_text("There are no accounts")
    expect(page.locator("#sign-out")).to_have_count(0)
    expect(page.locator("#tokens")).to_be_hidden()
    page.locator("#person-name input, #person-name textarea").fill(ADA)
    page.locator("#person-password input").fill(PASSWORD)
    page.locator("#add-person").click()
    expect(page).to_have_url(re.compile(r"/sign-in$"))
    page.goto(f"{origin}/ui/")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/ui/$"))
    _sign_in(page, ADA)
    expect(page.locator("#account span")).to_have_text(ADA)


def test_signing_in_goes_where_one_wanted_and_out_again(page: Page, origin: str) -> None:
    _account(origin, ADA, "admin")
    page.goto(f"{origin}/ui/jobs?job=7")
    expect(page).to_have_url(f"{origin}/sign-in?next=/ui/jobs%3Fjob%3D7")
    expect(page.get_by_label("Name")).to_be_focused()
    _picture(page, "sign-in")
    _sign_in(page, ADA, "wrong horse")
    expect(page.get_by_role("alert")).to_contain_text("Name or password is wrong")
    _picture(page, "sign-in-refused")
    _sign_in(page, ADA)
    expect(page).to_have_url(f"{origin}/ui/jobs?job=7")
    expect(page.locator("#account span")).to_have_text(ADA)
    expect(page.locator("#jobs")).to_be_visible()
    # The cookie is out of reach of scripts, and its end is the end.
    assert "studio_session" not in page.evaluate("document.cookie")
    page.locator("#sign-out").click()
    expect(page).to_have_url(f"{origin}/sign-in")
    page.goto(f"{origin}/ui/settings")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))


def test_a_sign_in_never_leads_away(page: Page, origin: str) -> None:
    page.goto(f"{origin}/sign-in")
    places = [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/sign-in",
        "/.//evil.example", "data:text/html,x", "http://[", "", "/ui/jobs?job=1#x",
    ]  # fmt: skip
    script = "(places) => import('/ui-static/sign_in.js').then((m) => places.map((p) => m.destination(p)))"
    led = page.evaluate(script, places)
    assert led[-1] == f"{origin}/ui/jobs?job=1#x"
    # The one that stays here has a strange path, which is not found.
    assert set(led[:-1]) == {f"{origin}/ui/", f"{origin}//evil.example"}


def test_a_person_changes_the_own_password(page: Page, origin: str) -> None:
    _account(origin, ADA, "admin")
    page.goto(f"{origin}/sign-in?next=/ui/settings")
    _sign_in(page, ADA)
    page.locator("#present-password input").fill("wrong horse")
    page.locator("#own-new input").fill("another sentence")
    page.locator("#change-password").click()
    expect(page.get_by_text("not your present password").first).to_be_visible()
    page.locator("#present-password input").fill(PASSWORD)
    page.locator("#change-password").click()
    expect(page.get_by_text("Your password is changed").first).to_be_visible()
    expect(page.locator("#own-new input")).to_have_value("")
    page.locator("#sign-out").click()
    expect(page).to_have_url(f"{origin}/sign-in")
    _sign_in(page, ADA, "another sentence")
    expect(page.locator("#account span")).to_have_text(ADA)


def test_tokens_are_made_shown_once_and_revoked(page: Page, origin: str) -> None:
    _account(origin, ADA, "admin")
    page.goto(f"{origin}/sign-in?next=/ui/settings")
    _sign_in(page, ADA)
    page.locator("#token-name input, #token-name textarea").fill("<i>ci</i>")
    page.get_by_label("operate").check()
    page.locator("#create-token").click()
    shown = page.locator("#token-secret input, #token-secret textarea")
    expect(shown).to_have_value(re.compile(r"^hs_.{43}$"))
    bearer = {"Authorization": f"Bearer {shown.input_value()}"}
    me = httpx.get(f"{origin}/api/v1/session", headers=bearer, trust_env=False).json()
    assert me["permissions"] == ["operate", "read"]
    expect(page.locator("#token-1")).to_contain_text("<i>ci</i>")
    _picture(page, "settings-tokens")
    page.locator("#token input").click()
    page.get_by_role("option", name="<i>ci</i>").click()
    page.locator("#revoke-token").click()
    expect(page.locator("#token-1")).to_contain_text("revoked")
    expect(shown).to_have_count(0)
    assert httpx.get(f"{origin}/api/v1/session", headers=bearer, trust_env=False).status_code == 401
    page.reload()
    expect(page.locator("#audit-table")).to_contain_text("token.create")
    expect(page.locator("#token-1")).to_contain_text("revoked")


def test_an_admin_manages_people(page: Page, origin: str) -> None:
    _account(origin, ADA, "admin")
    page.goto(f"{origin}/sign-in?next=/ui/settings")
    _sign_in(page, ADA)
    page.locator("#person-name input, #person-name textarea").fill("bob")
    page.locator("#person-password input").fill("short")
    page.locator("#add-person").click()
    expect(page.get_by_text("at least 10 characters")).to_be_visible()
    page.locator("#person-password input").fill(PASSWORD)
    page.locator("#add-person").click()
    bob = page.locator("#user-2")
    expect(bob).to_contain_text("reviewer")
    page.locator("#person input").click()
    page.get_by_role("option", name="bob").click()
    # Another password alone leaves the role as it is.
    expect(page.locator("#new-role input")).to_have_value("")
    page.locator("#new-password input").fill("another horse")
    page.locator("#change-person").click()
    expect(page.locator("#new-password input")).to_have_value("")
    expect(bob).to_contain_text("reviewer")
    page.locator("#new-role input").click()
    page.get_by_role("option", name=re.compile("Viewer")).click()
    page.locator("#change-person").click()
    expect(bob).to_contain_text("viewer")
    page.locator("#toggle-person").click()
    expect(bob).to_contain_text("deactivated")
    page.reload()
    expect(page.locator("#audit-table")).to_contain_text("role: reviewer → viewer")
    _picture(page, "settings-admin")


def test_a_viewer_acts_as_a_viewer_on_every_page(page: Page, origin: str) -> None:
    _account(origin, ADA, "admin")
    _account(origin, "vic", "viewer", by=ADA)
    page.goto(f"{origin}/sign-in")
    _sign_in(page, "vic")
    expect(page.locator("#account span")).to_have_text("vic")
    page.goto(f"{origin}/ui/settings")
    expect(page.locator("#tokens")).to_be_visible()
    expect(page.locator("#people")).to_be_hidden()
    expect(page.locator("#audit")).to_be_hidden()
    page.goto(f"{origin}/ui/datasets")
    page.locator("#dataset-name input, #dataset-name textarea").fill("x")
    page.locator("#dataset-root input, #dataset-root textarea").fill("/")
    page.locator("#register-dataset").click()
    expect(page.get_by_text("it needs the permission 'operate'")).to_be_visible()


def test_a_sign_in_that_has_ended_leads_to_the_sign_in_page_and_back(page: Page, origin: str) -> None:
    _account(origin, ADA, "admin")
    page.goto(f"{origin}/sign-in?next=/ui/inspect")
    _sign_in(page, ADA)
    expect(page.locator("#account span")).to_have_text(ADA)
    page.context.clear_cookies()
    # Not waited for: the page that asks is left before it hears the answer.
    page.evaluate("() => void import('/ui-static/api.js').then((api) => api.send('/runs')).catch(() => {})")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=%2Fui%2Finspect$"))
