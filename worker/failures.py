"""Failures as a sentence that says what to do."""

from __future__ import annotations

import errno

from hiast.contracts.errors import UserError


def failure_sentence(error: BaseException) -> str:
    """What went wrong and what to do, in one or two sentences."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return (
            "The job ran out of memory. Use a smaller training.batch_size or training.crop "
            f"(labels: smaller images), or a GPU with more memory, and retry. ({error})"
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"The disk is full ({error.filename or 'artifact store'}). Free some space and retry."
    if isinstance(error, FileNotFoundError):
        return f"File {error.filename} is missing. Scan the data set again to see what else is."
    return f"{type(error).__name__}: {error}. The job's log has the traceback."
