"""Writers of one process are called in the order in which they asked, with and without a thread."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy.exc import OperationalError

import backend.write_turns as write_turns
from backend.write_turns import WriteTurns
from tests.end_to_end.studio_process import wait_for


def _waiting(turns: WriteTurns) -> int:
    return len(turns._waiting)


def test_threads_and_coroutines_are_called_in_the_order_in_which_they_asked() -> None:
    turns, seen = WriteTurns(), list[int]()

    def _in_a_thread(number: int) -> None:
        with turns.turn():
            seen.append(number)

    async def _without(number: int) -> None:
        async with turns.turn_of_a_coroutine():
            seen.append(number)

    async def _all() -> None:
        threads, tasks = [], []
        with turns.turn():
            for number in range(10):
                if number % 2:
                    threads.append(threading.Thread(target=_in_a_thread, args=(number,)))
                    threads[-1].start()
                else:
                    tasks.append(asyncio.create_task(_without(number)))
                while _waiting(turns) <= number:
                    await asyncio.sleep(0.001)
        await asyncio.gather(*tasks)
        for thread in threads:
            thread.join()

    asyncio.run(_all())
    assert seen == list(range(10))


def test_who_has_waited_too_long_is_told_and_keeps_nobody_from_the_next_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(write_turns, "LONGEST_WAIT", 0.05)
    turns = WriteTurns()

    async def _wait() -> None:
        async with turns.turn_of_a_coroutine():
            raise AssertionError("it was nobody's turn")

    with turns.turn():
        with pytest.raises(OperationalError, match="locked"), turns.turn():
            raise AssertionError("it was nobody's turn")
        with pytest.raises(OperationalError, match="locked"):
            asyncio.run(_wait())
    with turns.turn():
        assert _waiting(turns) == 0


def test_a_coroutine_that_is_canceled_leaves_the_queue() -> None:
    turns = WriteTurns()

    async def _wait() -> None:
        async with turns.turn_of_a_coroutine():
            await asyncio.sleep(3600)

    async def _cancel_both() -> None:
        first, second = asyncio.create_task(_wait()), asyncio.create_task(_wait())
        await asyncio.sleep(0)
        assert _waiting(turns) == 1
        second.cancel()
        first.cancel()
        ended = await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), 10)
        assert [type(end) for end in ended] == [asyncio.CancelledError] * 2

    asyncio.run(_cancel_both())
    with turns.turn():
        assert _waiting(turns) == 0


def test_a_writer_that_fails_calls_the_next() -> None:
    turns = WriteTurns()
    done = threading.Event()

    def _fail() -> None:
        with turns.turn():
            done.wait()
            raise ValueError

    failing = threading.Thread(target=lambda: pytest.raises(ValueError, _fail))
    failing.start()
    wait_for("the turn to be taken", lambda: turns._taken)
    following = threading.Thread(target=lambda: turns.turn().__enter__())
    following.start()
    wait_for("the next to wait", lambda: _waiting(turns) == 1)
    done.set()
    following.join(10)
    failing.join(10)
    assert not following.is_alive()
