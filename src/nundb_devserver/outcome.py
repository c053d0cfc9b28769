"""What a command comes to."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Failure:
    """A command that failed. `is_version_error` is told apart because TCP answers `ok` to it (protocol notes 1.1)."""

    message: str
    is_version_error: bool = False


Outcome = Failure | None
"""None is success. The messages of a command have been queued while it ran."""

Later = Coroutine[object, None, Outcome]
"""The rest of a command that takes its time, to be awaited for its outcome."""


class Panic(Exception):  # noqa: N818 - the original's own word
    """The original's handler thread would die here; the connection that caused it gets no answer.

    `place` is where in its source it would, and the words are its own; without a place nothing is logged.
    """

    def __init__(self, words: str, place: str = "") -> None:
        super().__init__(words)
        self.place = place
