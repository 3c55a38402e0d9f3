from __future__ import annotations

from pathlib import Path

import pytest

from backend.settings import get_settings
from hiast.contracts.errors import UserError
from worker.capabilities import capabilities

THREE_GPUS = """\
0, GPU-aaaa1111, 81559
1, GPU-bbbb2222, 24564
2, GPU-bbbb3333, 24564
"""


@pytest.fixture(autouse=True)
def _fresh_settings(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a program of that name first on the path."""

    def install(output: str, exit_code: int = 0) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{output}END\nexit {exit_code}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return install


@pytest.mark.parametrize(
    ("visible", "gpus", "gib"),
    [
        (None, 3, 24564 / 1024),
        ("0", 1, 81559 / 1024),
        ("2,0", 2, 24564 / 1024),
        ("GPU-aaaa", 1, 81559 / 1024),
        ("", 0, 0.0),
        ("-1", 0, 0.0),
        ("0,7,1", 1, 81559 / 1024),
        ("GPU-bbbb", 0, 0.0),
    ],
)
def test_a_worker_has_the_gpus_cuda_would_show_it(nvidia_smi, monkeypatch, visible, gpus, gib) -> None:
    nvidia_smi(THREE_GPUS)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert capabilities() == (gpus, gib)


def test_a_machine_without_the_program_has_no_gpu(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert capabilities() == (0, 0.0)


def test_settings_say_otherwise(nvidia_smi, monkeypatch) -> None:
    nvidia_smi("No devices were found\n", exit_code=6)
    with pytest.raises(UserError, match="No devices were found.*STUDIO_WORKER_GPUS"):
        capabilities()
    monkeypatch.setenv("STUDIO_WORKER_GPUS", "0")
    get_settings.cache_clear()
    assert capabilities() == (0, 0.0)
    nvidia_smi(THREE_GPUS)
    monkeypatch.setenv("STUDIO_WORKER_GPUS", "7")
    monkeypatch.setenv("STUDIO_WORKER_GPU_MEMORY_GIB", "9.5")
    get_settings.cache_clear()
    assert capabilities() == (7, 9.5)
