"""The networks of the tests of rounds."""

from tests.hiast.rounds.conftest import brightness

__all__ = ["brightness"]
