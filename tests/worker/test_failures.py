from __future__ import annotations

import errno

import pytest

from hiast.contracts.errors import UserError
from worker.failures import failure_sentence


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("it is red.", where="file.png", remedy="Paint it."), ["file.png", "red", "Paint it."]),
        (MemoryError(), ["out of memory", "batch_size"]),
        (RuntimeError("CUDA out of memory. Tried 2 GiB"), ["training.crop", "Tried 2 GiB"]),
        (OSError(errno.ENOSPC, "No space", "model.bin"), ["disk is full", "model.bin"]),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.png"), ["a.png", "Scan the data set again"]),
        (ValueError("odd"), ["ValueError: odd", "log"]),
    ],
)
def test_a_failure_names_the_thing_and_what_to_do(error: Exception, words: list[str]) -> None:
    sentence = failure_sentence(error)
    for word in words:
        assert word in sentence
