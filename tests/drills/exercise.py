"""Carries out all lanes, some of them at once, each in a process of its own.

So all cores are used, and a busy machine soon serves a process that does little: with its Prometheus a lane takes a
tenth of a core. One process for all of them had to wait for seconds; all lanes at once left nothing to other tests, and
had to go slowly. Linux shares its cores between sessions before it shares them between the processes of one: like its
Prometheus, a lane has a session of its own, as if started in another terminal.
"""

import asyncio
import os
from collections import deque
from collections.abc import Collection, Sequence
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path

from nundb_devserver import free_row

from . import disk
from .lane import carry_out, expected_seconds
from .outcome import Report
from .pace import FASTEST, Pace
from .together import lanes
from .world import PORTS_PER_WORLD, Place

LANES_AT_ONCE = 5 * (os.cpu_count() or 1)


def exercise(
    directory: Path,
    rules: Path,
    queries: Sequence[str],
    jobs: Collection[str],
    *,
    pace: Pace = FASTEST,
    has_one_exporter: bool = False,
) -> Report:
    """Carry out the drills of these lanes, at that pace or slower, and return the results."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    turn = context.Lock()
    planned = lanes(has_one_exporter=has_one_exporter)
    # The longest first, so that none of them is waited for at the end.
    waiting = deque(sorted(jobs, key=lambda job: -expected_seconds(planned[job])))
    running: list[Connection] = []
    report = Report()
    while waiting or running:
        while waiting and len(running) < LANES_AT_ONCE:
            place = Place(waiting.popleft(), directory, free_row(PORTS_PER_WORLD), rules, has_one_exporter, pace, turn)
            result, end = context.Pipe(duplex=False)
            # A daemon is ended with this process.
            context.Process(target=_run, args=(place, queries, end), daemon=True).start()
            end.close()
            running.append(result)
        ended = wait(running)
        for result in [each for each in running if each in ended]:
            running.remove(result)
            report.add(result.recv())
    return report


def _run(place: Place, queries: Sequence[str], end: Connection) -> None:
    os.setsid()
    if place.lane.setting.has_own_disk:
        disk.enter()
    end.send(asyncio.run(_carry_out(place, queries)))


async def _carry_out(place: Place, queries: Sequence[str]) -> Report:
    """Carry out a lane, until its end or that of the process that wants to know: it may have been killed."""
    parent, work = parent_process(), asyncio.create_task(carry_out(place, queries))
    if parent is not None:
        asyncio.get_running_loop().add_reader(parent.sentinel, work.cancel)
    return await work
