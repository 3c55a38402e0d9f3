"""docs/method.md names every setting, with the values the code has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from hiast.contracts.datasets import DatasetSpec
from hiast.contracts.run_spec import RunSpec
from hiast.contracts.training_spec import Section
from hiast.recipes import ROLES, build_spec, load_recipe

PAGE = Path(__file__).parents[2] / "docs" / "method.md"
FOLDER = DatasetSpec(kind="folder", root="somewhere")
PUBLISHED = build_spec(load_recipe("gta5_to_cityscapes"), datasets=dict.fromkeys(ROLES, FOLDER))
OF_EVERY_RUN = {"name", *ROLES}
"""Fields whose value is the user's own, so that no recipe has one."""


def settings(section: type[Section] = RunSpec, values: Section = PUBLISHED, prefix: str = "") -> Iterator:
    """(dotted name, required, default, published value) of every field."""
    for name, field in section.model_fields.items():
        value = getattr(values, name)
        if isinstance(value, Section):
            yield from settings(type(value), value, f"{prefix}{name}.")
        else:
            default = field.get_default(call_default_factory=True)
            yield f"{prefix}{name}", field.is_required(), default, value


SETTINGS = list(settings())


def rows() -> dict[str, list[str]]:
    """{field: [default, published, source, what it does]} of all tables of settings."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.replace("\\|", "¦").strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 5:
            assert cells[0].strip("`") not in found, f"{cells[0]} has two rows"
            found[cells[0].strip("`")] = cells[1:]
    return found


def same(cell: str, value: object) -> bool:
    """Whether a cell shows the value: – is None, the rest YAML."""
    if value is None or cell == "–":
        return value is None and cell == "–"
    shown = cell if isinstance(value, str) else yaml.safe_load(cell)
    if isinstance(value, float | tuple):
        plain = list(value) if isinstance(value, tuple) else value
        return shown == pytest.approx(plain, rel=1e-3)
    return shown == value


def test_the_page_has_a_row_for_every_setting_and_no_other():
    assert set(rows()) == {name for name, *_ in SETTINGS}


@pytest.mark.parametrize(("name", "required", "default", "published"), SETTINGS)
def test_a_row_shows_the_values_of_code_and_recipe(name, required, default, published):
    shown_default, shown_published, source, meaning = rows()[name]
    assert shown_default == "required" if required else same(shown_default, default)
    if name not in OF_EVERY_RUN:
        assert same(shown_published, published)
    assert source.split(",")[0] in ("paper", "official", "ours", "beyond") or "arXiv" in source
    assert meaning.endswith(".")


@pytest.mark.parametrize(
    ("cell", "value"), [("–", 0), ("0.5", None), ("0.5", 0.6), ("[1, 2]", (1, 3)), ("none", None)]
)
def test_a_wrong_cell_is_noticed(cell, value):
    assert not same(cell, value)
