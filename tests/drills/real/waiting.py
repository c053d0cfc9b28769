"""Waiting for real nodes, which take seconds."""

import asyncio
from collections.abc import Awaitable, Callable

ARRIVAL_SECONDS = 1.0
"""After so long, what was written on one node is on all."""


async def until(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    """Ask until something holds.

    Raises:
        TimeoutError: it does not in time.
    """
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.25)
