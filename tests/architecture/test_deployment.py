"""The compose file, the Dockerfile and .env.example agree with each other and with what is installed."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"
ONE_SHOT = {"migrate", "bucket"}
SERVED_MODULES = {
    "api": "backend.main",
    "ui": "frontend_gradio.__main__",
    "worker": "worker.celery_app, worker.job_process, worker.steps",
}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    listed: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return listed


def _extras(target: str) -> set[str]:
    """The extras the Dockerfile installs for a target."""
    stage = re.split(r"^FROM .* AS ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    part = next(text for text in stage if text.startswith(f"{target}\n"))
    found = re.search(r'-e "\.\[([a-z0-9,]+)\]"', part)
    assert found, f"target {target} installs nothing"
    return set(found[1].split(","))


def _distributions(extras: set[str]) -> set[str]:
    """Every distribution that comes with hiast-studio[extras], by normalised name."""
    found: set[str] = set()
    waiting = [Requirement(f"hiast-studio[{','.join(sorted(extras))}]")]
    seen: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        if str(requirement) in seen:
            continue
        seen.add(str(requirement))
        found.add(_normalised(requirement.name))
        for line in metadata.requires(requirement.name) or ():
            needed = Requirement(line)
            environments: list[dict[str, str]] = [{"extra": extra} for extra in requirement.extras or {""}]
            if needed.marker is None or any(needed.marker.evaluate(each) for each in environments):
                waiting.append(needed)
    return found


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_service_has_a_health_check_or_ends(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert ("healthcheck" in service) != (name in ONE_SHOT), name
        assert service["restart"] == ("no" if name in ONE_SHOT else "unless-stopped"), name


def test_every_image_is_a_target_of_the_dockerfile_that_is_no_root(
    services: dict[str, dict[str, Any]],
) -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    by_target = {stage.split("\n")[0].split(" AS ")[1]: stage for stage in stages}
    targets = {service["build"]["target"] for service in services.values() if "build" in service}
    assert targets == {"api", "ui", "worker"} == set(by_target) - {"base"}
    assert all("\nUSER studio" in by_target[target] for target in targets)


def test_every_variable_is_in_the_example() -> None:
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE.read_text()))
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert used | {"COMPOSE_PROJECT_NAME"} == set(example)
    for name, default in re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE.read_text()):
        assert example[name] == default, f"{name} has another default in .env.example"
    required = set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text()))
    assert {"STUDIO_ADMIN_PASSWORD", "STUDIO_DATABASE_PASSWORD", "STUDIO_DATA"} == required
    assert all(example[name] == "" for name in required)


def test_data_sets_are_mounted_read_only_and_only_the_proxy_is_published(
    services: dict[str, dict[str, Any]],
) -> None:
    for name, service in services.items():
        data = [volume for volume in service.get("volumes", ()) if "STUDIO_DATA:" in volume]
        assert all(volume.endswith(":/data:ro") for volume in data)
        assert bool(data) == (name in ("api", "worker"))
        assert ("ports" in service) == (name == "proxy")


@pytest.mark.parametrize(("target", "has_torch"), [("api", False), ("ui", False), ("worker", True)])
def test_only_the_worker_image_has_torch(target: str, has_torch: bool) -> None:
    assert ("torch" in _distributions(_extras(target))) == has_torch


@pytest.mark.parametrize("target", list(SERVED_MODULES))
def test_an_image_has_what_the_modules_of_its_process_import(target: str) -> None:
    code = f"import sys, {SERVED_MODULES[target]}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    installed, providers = _distributions(_extras(target)), metadata.packages_distributions()
    absent = {
        f"{module} imports {name}"
        for module in done.stdout.split()
        if module.partition(".")[0] in ("hiast", "backend", "worker", "frontend_gradio")
        for name in _imports(module)
        if name in providers and not {_normalised(provider) for provider in providers[name]} & installed
    }
    assert absent == set()


def _imports(module: str) -> set[str]:
    """Top-level names of what one of our modules imports when it is loaded."""
    path = ROOT / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.services
def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    plugin = (
        shutil.which("docker")
        and not subprocess.run(
            ["docker", "compose", "version"], capture_output=True, check=False
        ).returncode
    )
    if not plugin and shutil.which("docker-compose") is None:
        pytest.skip("neither `docker compose` nor docker-compose is installed")
    command = ["docker", "compose"] if plugin else ["docker-compose"]
    example = (ROOT / ".env.example").read_text()
    check = [*command, "--file", str(COMPOSE), "--env-file", str(tmp_path / "env"), "config", "--quiet"]
    (tmp_path / "env").write_text(example)
    refused = subprocess.run(check, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "set it in .env" in refused.stderr
    for name in ("STUDIO_DATABASE_PASSWORD", "STUDIO_ADMIN_PASSWORD", "STUDIO_DATA"):
        example = example.replace(f"\n{name}=", f"\n{name}=/given")
    (tmp_path / "env").write_text(example)
    accepted = subprocess.run(check, capture_output=True, text=True, check=False)
    assert accepted.returncode == 0, accepted.stderr
