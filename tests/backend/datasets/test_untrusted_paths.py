"""Roots, list files and file names that lead elsewhere: refused or listed as faulty, never read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from backend.settings import get_settings
from hiast.contracts.datasets import DatasetScan, DatasetSpec
from hiast.contracts.errors import UserError
from hiast.data import scan_dataset


def _picture(path: Path, label: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((8, 16), np.uint8) if label else np.zeros((8, 16, 3), np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    _picture(tmp_path / "outside/secret.png")
    _picture(tmp_path / "outside/label.png", label=True)
    (tmp_path / "outside/list.txt").write_text("secret.png label.png\n")
    return tmp_path / "outside"


@pytest.fixture
def allowed(sqlite_client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001
    """The only directory below which data sets may lie."""
    (tmp_path / "allowed/inside").mkdir(parents=True)
    monkeypatch.setenv("STUDIO_DATA_ROOTS", str(tmp_path / "allowed"))
    get_settings.cache_clear()
    return tmp_path / "allowed"


def _scan(root: Path, **fields: Any) -> DatasetScan:
    return scan_dataset(DatasetSpec(root=str(root), **fields), lambda _progress: None)


def test_a_root_is_resolved_before_it_is_compared(
    sqlite_client: TestClient, allowed: Path, outside: Path
) -> None:
    (allowed / "link").symlink_to(outside)
    roots = {
        str(outside): 422,
        "/": 422,
        f"{allowed}/../outside": 422,
        f"{allowed}/inside/../../outside": 422,
        str(allowed / "link"): 422,
        f"{allowed}x": 422,
        "~": 422,
        "inside": 422,
        f"{allowed}/inside/": 202,
        f"{allowed}/inside/../inside": 202,
    }
    for number, (root, status) in enumerate(roots.items()):
        body = {"name": f"d{number}", "spec": {"kind": "folder", "root": root}}
        answer = sqlite_client.post("/api/v1/datasets", json=body)
        assert answer.status_code == status, (root, answer.text)
        if status == 202:
            assert answer.json()["spec"]["root"] == str(allowed / "inside")


def test_generated_scenes_are_not_written_outside(
    sqlite_client: TestClient, allowed: Path, tmp_path: Path
) -> None:
    spec = {"kind": "streets", "root": str(tmp_path / "elsewhere"), "streets": {"count": 1}}
    body = {"name": "streets", "spec": spec}
    assert sqlite_client.post("/api/v1/datasets", json=body).status_code == 422
    spec["root"] = str(allowed / "streets")
    assert sqlite_client.post("/api/v1/datasets", json=body).status_code == 202


@pytest.mark.parametrize(
    "split", ["../outside/list.txt", "/etc/passwd", "sub/../../outside/list.txt", "link.txt"]
)
def test_a_list_file_elsewhere_is_not_read(tmp_path: Path, outside: Path, split: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link.txt").symlink_to(outside / "list.txt")
    with pytest.raises(UserError, match="leads out"):
        _scan(root, kind="camvid", split=split)


@pytest.mark.parametrize("check", ["pixels", "headers"])
def test_files_a_list_names_elsewhere_are_faulty(tmp_path: Path, outside: Path, check: str) -> None:
    root = tmp_path / "root"
    _picture(root / "good.png")
    _picture(root / "good_label.png", label=True)
    (root / "link.png").symlink_to(outside / "secret.png")
    (root / "folder").symlink_to(outside)
    listed = [
        "good.png good_label.png",
        "../outside/secret.png good_label.png",
        f"{outside}/secret.png good_label.png",
        "link.png good_label.png",
        "folder/secret.png good_label.png",
        "good.png ../outside/label.png",
        "good.png folder/label.png",
        "/etc/passwd good_label.png",
    ]
    (root / "list.txt").write_text("\n".join(listed))
    scan = _scan(root, kind="camvid", split="list.txt", check=check)
    assert [entry.problem is None for entry in scan.entries] == [True] + [False] * (len(listed) - 1)
    for entry in scan.entries[1:5]:
        assert "leads out" in (entry.problem or "")


@pytest.mark.parametrize("check", ["pixels", "headers"])
def test_links_in_a_folder_that_lead_elsewhere_are_faulty(
    tmp_path: Path, outside: Path, check: str
) -> None:
    root = tmp_path / "root"
    _picture(root / "images/good.png")
    (root / "images/link.png").symlink_to(outside / "secret.png")
    (root / "images/linked").symlink_to(outside)
    (root / "classes.json").write_text(json.dumps({"class_space": "cityscapes"}))
    scan = _scan(root, kind="folder", check=check)
    assert {entry.name: entry.problem is None for entry in scan.entries} == {"good": True, "link": False}
    (root / "images").rename(root / "pictures")
    (root / "images").symlink_to(outside)
    with pytest.raises(UserError, match="leads out"):
        _scan(root, kind="folder", check=check)


def test_names_that_are_no_text_are_named(tmp_path: Path) -> None:
    _picture(tmp_path / "images/good.png")
    (tmp_path / "list.txt").write_bytes(b"images/good.png\nbad\0.png\n")
    with pytest.raises(UserError, match="line 2 holds a NUL"):
        _scan(tmp_path, kind="camvid", split="list.txt")
    (tmp_path / "classes.json").write_text(json.dumps({"class_space": "cityscapes"}))
    Path(os.fsdecode(os.fsencode(tmp_path / "images") + b"/b\xff.png")).touch()
    with pytest.raises(UserError, match=r"b\\xff\.png.*no UTF-8"):
        _scan(tmp_path, kind="folder")


def test_weights_lie_below_an_allowed_directory(
    sqlite_client: TestClient, allowed: Path, outside: Path
) -> None:
    (allowed / "link.pt").symlink_to(outside / "secret.png")
    body: dict[str, Any] = {"recipe": "streets_demo", "target": "t", "validation": "t"}
    sqlite_client.post(
        "/api/v1/datasets", json={"name": "t", "spec": {"kind": "folder", "root": str(allowed / "inside")}}
    )
    for weights in (
        "/etc/passwd",
        f"{outside}/secret.png",
        "weights.pt",
        "../w.pt",
        str(allowed / "link.pt"),
    ):
        answer = sqlite_client.post("/api/v1/runs", json={**body, "set": {"model.weights": weights}})
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == "model.weights"
    for weights in (str(allowed / "w.pt"), "bundled:streets_source"):
        answer = sqlite_client.post("/api/v1/runs", json={**body, "set": {"model.weights": weights}})
        assert "scanning" in answer.json()["detail"]  # past the check of the weights
