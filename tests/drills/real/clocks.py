"""Clocks of real nodes that are wrong; and the runbook's cures.

Entering breaks a cluster; leaving cures it as the runbook says.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .cluster import RealCluster
from .drill import Break

STEP_SECONDS = 1.1
"""Between steps of a second of a clock that is slewed: one that is ahead is never set back."""
MOST_SLEWED = 60


def off_by(seconds: int) -> Break:
    """A replica's clock is set; then it is slewed, or, after an hour, set again, and gets the primary's files."""

    @asynccontextmanager
    async def run(cluster: RealCluster) -> AsyncIterator[None]:
        index = await cluster.replica()
        cluster.set_clock(index, seconds)
        yield
        if abs(seconds) > MOST_SLEWED:
            cluster.set_clock(index, 0)
            await cluster.copy_from_primary(index)
        else:
            for rest in reversed(range(abs(seconds))):
                await asyncio.sleep(STEP_SECONDS)
                cluster.set_clock(index, rest if seconds > 0 else -rest)
        await cluster.settled()

    return run
