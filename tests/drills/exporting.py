"""Drills of exporters that are programs of their own: one gets too little CPU, one has settings with an error."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import FileIO

import aiohttp

from nundb_exporter.monitoring.alerts import exporter, log, node

from .breaks import meanwhile
from .drill import Drill, Lane
from .field import Field
from .programs import ExporterProgram
from .setting import Setting

RUNNING_SECONDS = 0.02
STOPPED_SECONDS = 0.08
AHEAD_BYTES = 2 * log.LAG_BYTES
PIECE_BYTES = log.LAG_BYTES // 4
LOOK_SECONDS = 2.0
"""Between two looks at how far it has come: each costs the exporter some of its little time."""
CATCHING_UP_SECONDS = 240.0


def _program_of_replica(field: Field) -> ExporterProgram:
    found = field.exporter_of(field.replica)
    assert isinstance(found, ExporterProgram)
    return found


@asynccontextmanager
async def starved_exporter(field: Field) -> AsyncIterator[None]:
    """An exporter gets a fifth of a core, and its node's log grows faster than it is read so; then both end."""
    starved = _program_of_replica(field)
    assert starved.log is not None
    with FileIO(starved.log, "a") as written:
        async with meanwhile(_hold_back(starved), _let_grow(written, starved)):
            yield
        async with asyncio.timeout(field.pace.stretched(CATCHING_UP_SECONDS)):
            while await starved.lag() > PIECE_BYTES:
                await asyncio.sleep(LOOK_SECONDS)
        os.ftruncate(written.fileno(), 0)  # as a rotation with copytruncate does


async def _hold_back(starved: ExporterProgram) -> None:
    try:
        while True:
            starved.signal(signal.SIGSTOP)
            await asyncio.sleep(STOPPED_SECONDS)
            starved.signal(signal.SIGCONT)
            await asyncio.sleep(RUNNING_SECONDS)
    finally:
        starved.signal(signal.SIGCONT)


async def _let_grow(written: FileIO, starved: ExporterProgram) -> None:
    """Let the log be ahead of its reader, however fast that is."""
    line = time.strftime("[%Y-%m-%dT%H:%M:%S.000000000Z nundb::replication_ops] Processed\n", time.gmtime()).encode()
    piece = line * (PIECE_BYTES // len(line))
    while True:
        with suppress(aiohttp.ClientError):
            for _ in range((AHEAD_BYTES - await starved.lag()) // PIECE_BYTES):
                written.write(piece)
                await asyncio.sleep(0)  # others may go on
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def wrong_settings(field: Field) -> AsyncIterator[None]:
    """An exporter is told to read a file that has an error, and then the corrected one."""
    told = _program_of_replica(field)
    right = told.settings.read_text(encoding="utf-8")
    told.settings.write_text(f"{right}collectors: all\n", encoding="utf-8")  # they belong into a module
    told.signal(signal.SIGHUP)
    yield
    told.settings.write_text(right, encoding="utf-8")
    told.signal(signal.SIGHUP)


PROGRAMS = Lane(
    (
        Drill(
            name="exporter without CPU",
            about="An exporter gets a fifth of a core, and the log of its node grows faster than it can be read so.",
            fires=(log.LOG_NOT_READ,),
            # Its pages may come too late as well.
            may_fire=(exporter.DOWN, exporter.SCRAPE_SLOW, exporter.COLLECTOR_FAILING, node.HUNG),
            run=starved_exporter,
        ),
        Drill(
            name="settings with an error",
            about="An exporter is told to read its settings again, and they have an error.",
            fires=(exporter.RELOAD_FAILED,),
            run=wrong_settings,
        ),
    ),
    Setting(has_programs=True, follows_logs=True),
)
