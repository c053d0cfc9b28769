"""Conflicts on real nodes: one that nobody resolves, and one whose verdict goes round."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from nundb_devserver import RefusedError
from nundb_exporter.monitoring.alerts import databases

from .drill import Break
from .nodes import DISPUTED, NODES, RealNodes

CUT_OFF = (OSError, RefusedError, TimeoutError)


async def conflict(nodes: RealNodes) -> None:
    """Make a conflict on the primary, whose arbiter leaves at once."""
    async with nodes.talking(await nodes.primary(), f"use-db {DISPUTED} {DISPUTED}") as client:
        await client.run("arbiter", "set contested one", "set contested two", "set-safe contested 0 stale")


async def undo_conflict(nodes: RealNodes, key: str) -> None:
    """Type what the runbook has under NundbConflictsUnresolved, for each record of the key."""
    primary = await nodes.primary()
    async with nodes.talking(primary, f"use-db {DISPUTED} {DISPUTED}") as client:
        (listed,) = await client.ask(f"keys $conflicts_{key}_")
    for record in filter(None, listed.removeprefix("keys ").split(",")):
        operation = record.rpartition("_")[2]
        words = {"DATABASE": DISPUTED, "TOKEN": DISPUTED, "KEY": key, "OPERATION": operation, "VALUE": "settled"}
        await nodes.type(databases.UNDO_CONFLICT, primary, words)


@asynccontextmanager
async def unresolved_conflict(nodes: RealNodes) -> AsyncIterator[None]:
    """A conflict that nobody resolves; then the runbook's commands, in their order."""
    await conflict(nodes)
    yield
    await undo_conflict(nodes, "contested")
    primary = await nodes.primary()
    open_it = f"use-db {DISPUTED} {DISPUTED}"
    for index in range(NODES):  # every node has it, and takes the next write
        answer = await nodes.tell(index, open_it, "get contested")
        if "value settled" not in answer:
            raise ValueError(f"node {index} says {answer!r}")
    await nodes.tell(primary, open_it, "set contested again")
    await nodes.tell(primary, open_it, "set contested settled")


def storm(*, nodes_left: int = NODES) -> Break:
    """A verdict goes round; then all secondaries stop, get the primary's files, and start again."""

    @asynccontextmanager
    async def run(nodes: RealNodes) -> AsyncIterator[None]:
        primary = await nodes.primary()
        others = [index for index in range(NODES) if index != primary]
        for index in others[nodes_left - 1 :]:
            await nodes.send(index, "SIGKILL")
            await nodes.forgotten(index)
        async with nodes.talking(primary, f"use-db {DISPUTED} {DISPUTED}") as client:
            answer = await client.run("arbiter", "set storm one", "set storm two", "set-safe storm 0 stale")
            found = re.search(r"resolve (\d+) \S+ (-?\d+) storm ", answer)
            if found is None:
                raise ValueError("nobody was asked to resolve the conflict")
            with suppress(*CUT_OFF):
                await client.run(f"resolve {found[1]} {DISPUTED} storm {found[2]} settled")
        yield
        for index in others:
            with suppress(ProcessLookupError):
                await nodes.send(index, "SIGKILL")
        for index in others:
            with suppress(TimeoutError):
                await nodes.forgotten(index)
        await nodes.snapshot(primary)
        for index in others:
            nodes.copy_files(primary, index)
            await nodes.start(index)
        await nodes.unite()
        await nodes.write_all()
        await nodes.restart(primary)
        await nodes.write_all()
        await undo_conflict(nodes, "storm")

    return run
