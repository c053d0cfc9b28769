"""What a drill breaks: a cluster under load with an exporter for each node, watched by Prometheus."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from multiprocessing.synchronize import Lock
from pathlib import Path

from nundb_devserver import Cluster, Node, NodeOptions, NotReadyError
from nundb_devserver.client import connected as dialled
from nundb_exporter.credentials import DatabaseAccess
from nundb_exporter.demo.clients import connected
from nundb_exporter.demo.workload import KEYS, Workload
from tests.wire.waiting import eventually

from . import disk
from .discovery import show
from .exporters import ACCESSES, ADMINISTRATOR, SIGN_IN, Exporter, canary_settings
from .findings import Check, found_by_pages
from .pace import Pace
from .programs import ExporterProgram
from .setting import Setting

PORTS_PER_FIELD = 100
FIRST_EXPORTER = 50
NODES = 3
DECLUTTER_SECONDS = 5.0
DISTANCE_SECONDS = 0.004
"""Between nodes: in one process nothing would ever be seen pending."""
CALM_SECONDS = 3.0
"""A quiet period before a restart: no election may still be under way, which no reply tells."""
PREPARATION_SECONDS = 20.0
"""For each answer before the lane begins: that it is late shows nothing yet."""
JOINS = 3
JOIN_SECONDS = 6.0
LOOK_AGAIN_SECONDS = 0.1


class Field:
    """A cluster of three nodes under the demo's load, an exporter for each or one for all; one job of Prometheus."""

    def __init__(self, job: str, first_port: int, directory: Path, pace: Pace, setting: Setting, *, turn: Lock) -> None:
        self.job = job
        self.pace = pace
        self.setting = setting
        self.failovers = 0
        """How often a cure has restarted the primary."""
        options = NodeOptions(
            user=ADMINISTRATOR.user,
            password=ADMINISTRATOR.password.reveal(),
            declutter_seconds=DECLUTTER_SECONDS,
        )
        logs = directory if setting.follows_logs else None
        self.disk = directory / job
        """Where the nodes' data directories are."""
        if setting.has_own_disk:
            disk.mount(self.disk)
        self.cluster = Cluster(NODES, port_base=first_port, data=self.disk, logs=logs, options=options)
        asked = [self.cluster.nodes] if setting.has_one_exporter else [(node,) for node in self.cluster.nodes]
        self.exporters = tuple(
            self._exporter(nodes, number, first_port + FIRST_EXPORTER + number, directory)
            for number, nodes in enumerate(asked)
        )
        self.targets = directory / f"{job}.json"
        """What Prometheus is to scrape, as a file for its discovery."""
        self._shown: tuple[Exporter, ...] = ()
        urls = [node.http_url for node in self.cluster.nodes]
        self._check = Check(
            urls,
            ADMINISTRATOR,
            ACCESSES,
            directory / f"{job}-check",
            collectors=setting.collectors,
            scrape_seconds=pace.scrape_seconds,
        )
        self._turn = turn
        self._workload = Workload(
            self.cluster,
            ADMINISTRATOR,
            haste=setting.haste / pace.scrape_seconds,
            takes_snapshots=setting.takes_snapshots,
        )

    def _exporter(self, nodes: Sequence[Node], number: int, port: int, directory: Path) -> Exporter:
        setting = self.setting
        log = self.cluster.logs[number] if setting.follows_logs else None
        if setting.has_programs:
            (node,) = nodes
            own = directory / f"exporter{number}"
            return ExporterProgram(node, port, setting.collectors, own, log, reads_files=setting.reads_files)
        canary = canary_settings(number, self.pace) if setting.has_canaries else None
        return Exporter(nodes, port, setting.collectors, canary, log, reads_files=setting.reads_files)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Start everything, and end it at the end."""
        for node in self.cluster.nodes:
            node.conditions.link_delay_seconds = DISTANCE_SECONDS
        async with self.cluster:
            await self._workload.prepare()
            await self.tell_primary("create-db faults faults newer", "create-db disputes disputes arbiter")
            if self.setting.reads_files:
                await self._write_every_key()
            # Every database is to be on the disks: a restart must not lose a strategy.
            await self.take_snapshots()
            for exporter in self.exporters:
                await exporter.start()
            self.show(*self.exporters)
            work = asyncio.create_task(self._workload.run())
            try:
                yield
            finally:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work
                for exporter in self.exporters:
                    await exporter.stop()

    def show(self, *exporters: Exporter) -> None:
        """Let Prometheus discover these targets, and no others."""
        self._shown = exporters
        show(self.targets, self.job, (exporter.address for exporter in exporters))

    def exporter_of(self, index: int) -> Exporter:
        """Return the exporter that asks a node."""
        return self.exporters[0 if self.setting.has_one_exporter else index]

    def metrics_url(self, index: int) -> str:
        """Return where a node's metrics are."""
        exporter = self.exporter_of(index)
        probe = f"probe?target={self.cluster.nodes[index].http_url}" if self.setting.has_one_exporter else "metrics"
        return f"http://{exporter.address}/{probe}"

    @property
    def primary(self) -> int:
        """The node that acts as primary."""
        index = self.cluster.primary
        if index is None:
            raise LookupError(f"{self.job}: no node acts as primary")
        return index

    @property
    def replica(self) -> int:
        """A node that is not the primary: the last one."""
        return next(number for number in reversed(range(NODES)) if number != self.primary)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until it is this lane's turn to run `check`: ten that start at once keep all cores busy for seconds."""
        while not self._turn.acquire(block=False):
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        try:
            yield
        finally:
            self._turn.release()

    async def found_by_check(self) -> set[str]:
        """Return the problems that `nundb-exporter check` finds, given all nodes."""
        return await self._check.findings() - self.setting.ignored

    async def found_by_pages(self) -> set[str]:
        """Return the problems that the landing pages of the exporters show."""
        shown = (exporter.address for exporter in self._shown if exporter.is_running)
        return await found_by_pages(shown, self.pace) - self.setting.ignored

    async def tell_primary(self, *commands: str) -> None:
        """Run commands on the primary as its administrator."""
        async with connected(self.cluster.nodes[self.primary], SIGN_IN) as connection:
            for command in commands:
                await connection.ask(command)

    @asynccontextmanager
    async def writing(self, per_second: float) -> AsyncIterator[None]:
        """Write to the primary at a steady rate: the pauses are the load. A slower pace makes as much pile up."""
        async with connected(self.cluster.nodes[self.primary], SIGN_IN, "use-db faults faults") as connection:

            async def write() -> None:
                for number in count():
                    await connection.ask(f"set drill{number % 100} two words")
                    await asyncio.sleep(self.pace.stretched(1 / per_second))

            task = asyncio.create_task(write())
            try:
                yield
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def restart_primary(self) -> None:
        """Restart the primary, as the runbook says: entries that no member will acknowledge end with their process."""
        self.failovers += 1
        # A node that has just joined made the primary hold an election: let it end.
        await asyncio.sleep(self.pace.stretched(CALM_SECONDS))
        await self.cluster.restart(self.primary)
        await self.unite()

    async def unite(self) -> None:
        """Wait until the nodes are one cluster. A join may fail for good: then a replica is to join once more.

        Raises:
            NotReadyError: they do not become one.
        """
        for _ in range(JOINS):
            try:
                await self.cluster.ready(self.pace.stretched(JOIN_SECONDS))
            except NotReadyError:
                await self.cluster.restart(self.replica)
            else:
                return
        await self.cluster.ready(self.pace.stretched(JOIN_SECONDS))

    async def take_snapshots(self, *accesses: DatabaseAccess) -> None:
        """Ask for snapshots, one after another: two that overlap would never be acknowledged (protocol notes 5.2)."""
        for access in accesses or ACCESSES:
            await self._until_no_snapshot()
            await self._snapshot(access)
        await self._until_no_snapshot()

    async def _write_every_key(self) -> None:
        """Write what clients may write: a new key makes the log invalid, which is to be seen only where it is meant."""
        for access, keys in KEYS.items():
            select = f"use-db {access.name} {access.token.reveal()}"
            primary = self.cluster.nodes[self.primary].tcp_address
            async with dialled(primary, select, timeout_seconds=self.pace.stretched(PREPARATION_SECONDS)) as client:
                for key in keys:
                    await client.ask(f"set {key} 0")

    async def _until_no_snapshot(self) -> None:
        await eventually(self._pending, lambda entries: not any(", opp_id: 0," in entry for entry in entries))

    async def save(self) -> None:
        """Put every database on the primary's disk, whose operations may be too many to be listed."""
        directory = self.cluster.nodes[self.primary].data
        begun = time.time()
        for access in ACCESSES:
            await self._snapshot(access)
        files = [directory / f"{access.name}-nun.madadata" for access in ACCESSES]  # sic
        await until(lambda: all(file.stat().st_mtime > begun for file in files), 3 * DECLUTTER_SECONDS)

    async def _snapshot(self, access: DatabaseAccess) -> None:
        await self.tell_primary(f"use-db {access.name} {access.token.reveal()}", f"snapshot false {access.name}")

    def copy_files(self, primary: int, index: int) -> None:
        """Let a node that is down have the databases' files of the primary, and nothing else."""
        nodes = self.cluster.nodes
        nodes[index].wipe()
        for file in nodes[primary].data.glob("*-nun.*"):
            if not file.name.startswith(("oplog-", "keys-")):
                shutil.copy2(file, nodes[index].data)

    async def _pending(self) -> list[str]:
        """Return the primary's pending operations; all snapshots have the id 0."""
        async with connected(self.cluster.nodes[self.primary], SIGN_IN) as connection:
            return await connection.ask("debug pending-ops")


async def until(holds: Callable[[], bool], within_seconds: float) -> bool:
    """Wait for something to hold; return whether it did in time."""
    try:
        async with asyncio.timeout(within_seconds):
            while not holds():
                await asyncio.sleep(0.05)
    except TimeoutError:
        return False
    return True
