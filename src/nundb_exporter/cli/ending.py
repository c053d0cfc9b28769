"""The signals that end a command which serves."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def until_signal(*others: signal.Signals) -> Iterator[asyncio.Event]:
    """Yield an event that SIGTERM, SIGINT or one of `others` sets, in the running event loop.

    From the end of the block on they are ignored: `timeout` and some supervisors send a second one at once, and asyncio
    would complain of one that comes while its loop is closed.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGTERM, signal.SIGINT, *others)
    for number in numbers:
        loop.add_signal_handler(number, ended.set)
    try:
        yield ended
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)
