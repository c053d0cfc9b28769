"""Waiting for what will be: no test sleeps for a time and hopes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from nundb_exporter.http_server import Answer, Response

T = TypeVar("T")

PATIENCE_SECONDS: Final = 60.0
"""How long anything may take that a test waits for: reaching it is a failure."""
_PAUSE_SECONDS: Final = 0.005
_QUESTION_PAUSE_SECONDS: Final = 0.05
"""Longer: each question costs the program that is asked."""


async def answered(answer: Answer) -> Response:
    """Return what a handler answers, at once or at last."""
    return answer if isinstance(answer, Response) else await answer


async def until(claim: Callable[[], bool]) -> None:
    """Wait until the claim is true; that it never is, is a failure."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not claim():
            await asyncio.sleep(_PAUSE_SECONDS)


def wait_until(
    holds: Callable[[], bool],
    what: str = "it is so",
    *,
    seconds: float = PATIENCE_SECONDS,
    pause_seconds: float = _PAUSE_SECONDS,
) -> None:
    """Wait until something holds that goes on in other threads or processes.

    Raises:
        AssertionError: it does not in time.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(pause_seconds)


async def eventually(
    ask: Callable[[], Awaitable[T]],
    holds: Callable[[T], bool] = bool,
    *,
    seconds: float = PATIENCE_SECONDS,
    pause_seconds: float = _QUESTION_PAUSE_SECONDS,
) -> T:
    """Ask again and again until the answer is right, and return it.

    Raises:
        TimeoutError: it is not in time.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not holds(answer := await ask()):
        if loop.time() > deadline:
            raise TimeoutError(f"not within {seconds:g} s; the last answer was {answer}")
        await asyncio.sleep(pause_seconds)
    return answer
