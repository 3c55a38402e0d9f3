"""A training that another machine goes on with, through a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from backend.artifacts import ArtifactStore, open_store
from backend.errors import UnavailableError
from hiast.contracts.datasets import DatasetSpec, StreetsOptions
from hiast.contracts.errors import Canceled
from hiast.contracts.reports import OnProgress, Progress
from hiast.contracts.step_files import STATE_FILE
from hiast.contracts.training_spec import ComputeSpec, WarmUpSpec
from hiast.data import ImageSet, scan_dataset
from hiast.models import build_model
from hiast.rounds.training_state import StateFile
from hiast.rounds.warm_up import warm_up
from tests.servers.ports import free_port
from tests.servers.s3 import S3Server
from tests.servers.stores import OpenStore
from worker.stored_state import resumable

pytestmark = pytest.mark.services
KEY, ITERATIONS = "runs/1/warm_up", 5


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    scenes = StreetsOptions(look="source", count=3, seed=1, height=32, width=64)
    spec = DatasetSpec(kind="streets", root=str(tmp_path / "scenes"), streets=scenes)
    return ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))


def _train(
    images: ImageSet, state_file: StateFile | None, on_progress: OnProgress
) -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    model = build_model("deeplab_v2_resnet18", images.classes.num_classes, base_width=8)
    size = (32, 64)
    warm_up(
        model,
        images,
        images,
        WarmUpSpec(crop=size, crop_heights=size, iterations=ITERATIONS, batch_size=2),
        ComputeSpec(checkpoint_every=2),
        seed=1,
        state_file=state_file,
        device=torch.device("cpu"),
        on_progress=on_progress,
    )
    return model.state_dict()


def _train_on(store: ArtifactStore, images: ImageSet, on_progress: OnProgress) -> dict[str, torch.Tensor]:
    with resumable(store, KEY, on_progress) as progress:
        file = StateFile(store.directory(KEY) / STATE_FILE, "one training")
        return _train(images, file, progress)


@pytest.mark.parametrize("stop_at", [1, 3])
def test_stopped_on_one_machine_a_training_ends_bit_identical_on_another(
    images: ImageSet, open_s3: OpenStore, stop_at: int
) -> None:
    whole = _train(images, None, lambda _progress: None)
    seen: list[int] = []

    def stop(progress: Progress) -> None:
        if progress.done == stop_at:
            raise Canceled

    with pytest.raises(Canceled):
        _train_on(open_s3("one"), images, stop)
    resumed = _train_on(open_s3("two"), images, lambda progress: seen.append(progress.done))
    assert seen[0] == stop_at + 1
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_the_state_is_in_the_store_while_the_training_goes_on(images: ImageSet, open_s3: OpenStore) -> None:
    store, whole = open_s3("one"), _train(images, None, lambda _progress: None)
    taken_up: list[dict[str, torch.Tensor]] = []
    seen: list[int] = []

    def look(progress: Progress) -> None:
        # The state of iteration 2 is published at the progress of iteration 3.
        assert open_s3("two").holds(KEY, STATE_FILE) == (progress.done > 2)
        if progress.done == 3:
            # What a machine would do after this one had lost its power.
            taken_up.append(_train_on(open_s3("two"), images, lambda report: seen.append(report.done)))

    _train_on(store, images, look)
    assert seen == [3, 4, 5]
    assert all(torch.equal(taken_up[0][name], whole[name]) for name in whole)


@pytest.fixture
def falling_store(open_s3: OpenStore, tmp_path: Path) -> Iterator[tuple[ArtifactStore, S3Server]]:
    """A store whose server a test may stop."""
    assert open_s3  # it sets the credentials
    server = S3Server(free_port())
    server.start()
    server.create_bucket("studio")
    cache = tmp_path / "falling"
    yield open_store("s3://studio", cache=cache, cache_gib=1, s3_endpoint=server.endpoint), server
    server.stop()


def test_a_store_that_is_down_does_not_hide_why_a_training_was_stopped(
    images: ImageSet,
    falling_store: tuple[ArtifactStore, S3Server],
    capfd: pytest.CaptureFixture[str],
) -> None:
    store, server = falling_store

    def stop(_progress: Progress) -> None:
        server.stop()
        raise Canceled

    with pytest.raises(Canceled):
        _train_on(store, images, stop)
    assert "not in the store" in capfd.readouterr().err


def test_a_store_that_goes_down_ends_a_training_with_a_sentence(
    images: ImageSet, falling_store: tuple[ArtifactStore, S3Server]
) -> None:
    store, server = falling_store
    with pytest.raises(UnavailableError, match="does not answer"):
        _train_on(store, images, lambda _progress: server.stop())
