import threading
import time
from collections.abc import Iterator

import pytest
import torch

from hiast.pixel_blocks import Block, blocks_of, share_blocks


@pytest.fixture
def three_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


def test_blocks_cover_every_pixel_once_in_order() -> None:
    blocks = blocks_of(2, 10, 4)
    assert [block.number for block in blocks] == list(range(6))
    covered = [(block.image, pixel) for block in blocks for pixel in range(10)[block.pixels]]
    assert covered == [(image, pixel) for image in range(2) for pixel in range(10)]


@pytest.mark.usefixtures("three_threads")
def test_threads_share_the_blocks_and_each_works_alone_without_gradients() -> None:
    drawn: list[int] = []
    states: list[tuple[int, int, bool]] = []

    def work(blocks: Iterator[Block]) -> None:
        states.append((threading.get_ident(), torch.get_num_threads(), torch.is_grad_enabled()))
        time.sleep(0.01)
        drawn.extend(block.number for block in blocks)

    share_blocks(blocks_of(1, 50, 1), torch.device("cpu"), work)
    assert sorted(drawn) == list(range(50))
    assert len({ident for ident, *_ in states}) == 3
    assert {(threads, grad) for _, threads, grad in states} == {(1, False)}
    assert torch.get_num_threads() == 3


@pytest.mark.usefixtures("three_threads")
def test_a_fault_in_a_thread_reaches_the_caller() -> None:
    def work(blocks: Iterator[Block]) -> None:
        for block in blocks:
            if block.number == 7:
                raise ValueError("seven")

    with pytest.raises(ValueError, match="seven"):
        share_blocks(blocks_of(1, 50, 1), torch.device("cpu"), work)
    assert torch.get_num_threads() == 3
