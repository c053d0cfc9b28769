"""Further questions of a scrape: beside each other, a few at a time, and each with a result of its own."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Final, NamedTuple, TypeVar

from nundb_exporter.errors import NundbExporterError
from nundb_exporter.results import CollectorResult

T = TypeVar("T")

TOO_LATE: Final = "no answer before the deadline"


class Job(NamedTuple):
    """A further question, and the results of the collectors that need it."""

    results: Sequence[CollectorResult]
    ask: Callable[[], Awaitable[None]]


async def run(job: Job, slots: asyncio.Semaphore, deadline: float) -> None:
    """Run one job when a slot is free, and add its time and failure to the collectors that need it."""
    begun = time.perf_counter()
    failure: str | None = TOO_LATE
    try:
        async with asyncio.timeout_at(deadline):
            await slots.acquire()
        try:
            begun = time.perf_counter()
            await job.ask()
        finally:
            slots.release()
        failure = None
    except TimeoutError:
        pass  # its turn has not come
    except NundbExporterError as error:
        failure = str(error)
    finally:
        for result in job.results:
            result.seconds += time.perf_counter() - begun
            result.failure = result.failure or failure


async def together(first: Coroutine[object, object, T], *others: Coroutine[object, object, None]) -> T:
    """Do all at once, and return what the first one returns.

    It runs in the task at hand: most scrapes have nothing else to do, and then cost no further task.
    """
    if not others:
        return await first
    async with asyncio.TaskGroup() as group:
        for other in others:
            group.create_task(other)
        return await first
