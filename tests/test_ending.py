"""The signals that end a command which serves."""

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from nundb_exporter.cli.ending import until_signal

NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_ends_it_and_the_next_one_changes_nothing(number: signal.Signals) -> None:
    """`timeout` sends two: the second may come while the event loop is being closed, and after that."""

    async def serve() -> None:
        with until_signal(signal.SIGHUP) as ended:
            os.kill(os.getpid(), number)
            await ended.wait()

    asyncio.run(serve())
    os.kill(os.getpid(), number)
    assert signal.getsignal(number) is signal.SIG_IGN
