"""Rules about the source tree that ruff and the import linter do not know."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
# In two parts, so that this file does not hold what it looks for.
MACHINE_PATHS = ("/wo" + "rk/", "/tmp" + "/w/")


def _files() -> list[Path]:
    """Tracked files and those that would be, without what git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _python() -> list[Path]:
    return [path for path in _files() if path.suffix == ".py"] + [ROOT / "studio"]


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Lines of a function's body with code on them: no blank line, comment or docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    text = lines[body[0].lineno - 1 : function.end_lineno]
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in text)


def test_no_file_is_longer_than_300_lines() -> None:
    # `studio` must stay one file: it runs before anything is installed.
    long = {
        str(path.relative_to(ROOT)): length
        for path in _python()
        if path.name != "studio" and (length := len(path.read_text().splitlines())) > 300
    }
    assert long == {}


def test_no_function_is_longer_than_60_code_lines() -> None:
    long = {}
    for path in _python():
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _code_lines(node, text.splitlines())
                if length > 60 and "migrations" not in path.parts:
                    long[f"{path.relative_to(ROOT)}:{node.name}"] = length
    assert long == {}


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    named = [str(path) for path in _files() if BANNED & {Path(part).stem for part in path.parts}]
    assert named == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on() -> None:
    found = []
    for path in _files():
        content = path.read_bytes()
        found += [f"{path.relative_to(ROOT)}: {word}" for word in MACHINE_PATHS if word.encode() in content]
    assert found == []


def test_the_readme_names_files_that_exist() -> None:
    _, found, rest = (ROOT / "README.md").read_text().partition("## File tree")
    if not found:
        pytest.skip("README.md has no file tree yet")
    tree, missing, folder = rest.split("```")[1], [], ROOT
    for line in tree.strip().splitlines():
        # The first word is a name; words with a slash are folders beside or inside it; the rest is prose.
        first, *more = line.split()
        names = [first, *(word for word in more if word.endswith("/") and first.endswith("/"))]
        folder = folder if line.startswith(" ") else ROOT
        places = (folder, folder / first)
        missing += [name for name in names if not any((place / name).exists() for place in places)]
        folder = folder if line.startswith(" ") else ROOT / first
    assert missing == []
