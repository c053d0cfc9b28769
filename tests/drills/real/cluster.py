"""Real nodes with an exporter for each, as Prometheus sees them: as one job."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.drills.discovery import show
from tests.drills.findings import Check

from .exporters import ACCESSES, ADMINISTRATOR, COLLECTED, exporter
from .nodes import NODES, RealNodes

SCRAPE_TIMEOUT_SECONDS = 10
CLOCK = Path(__file__).with_name("clock.c")
WARNINGS, EVERY_COMMAND = "warn", "info"
"""Levels of Nun-db's log."""


class RealCluster(RealNodes):
    """The cluster of one drill, its exporters included."""

    def __init__(
        self,
        name: str,
        base: int,
        directory: Path,
        binary: Path,
        *,
        is_beside_nodes: bool = False,
        has_links: bool = False,
        has_own_clocks: bool = False,
    ) -> None:
        """Where they are `is_beside_nodes`, the exporters also read their nodes' logs, directories and processes."""
        self.job = "".join(letter if letter.isalnum() else "-" for letter in name)
        super().__init__(
            base,
            directory / self.job,
            binary,
            log_level=EVERY_COMMAND if is_beside_nodes else WARNINGS,
            has_links=has_links,
        )
        self._is_beside_nodes = is_beside_nodes
        self._has_own_clocks = has_own_clocks
        self._targets = targets(directory) / f"{self.job}.json"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Start everything, and end it at the end.

        Raises:
            OSError: the nodes' clock does not compile.
            TimeoutError: the nodes have not become one cluster.
        """
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.close)
            if self._has_own_clocks:
                self.environment["LD_PRELOAD"] = await self._clock()
            for link in self.links:
                await stack.enter_async_context(link.open())
            await self.start_all()
            exporters = (exporter(self, index, is_beside_node=self._is_beside_nodes) for index in range(NODES))
            show(self._targets, self.job, [await stack.enter_async_context(each) for each in exporters])
            stack.callback(show, self._targets, self.job, ())
            yield

    async def _clock(self) -> str:
        """Compile the clock that nodes ask instead of the machine's, and return where it is."""
        library = str(self.data / "clock.so")
        compiler = await asyncio.create_subprocess_exec("cc", "-shared", "-fPIC", "-o", library, CLOCK)
        if await compiler.wait():
            raise OSError(f"{CLOCK} does not compile")
        return library

    def set_clock(self, index: int, seconds: int) -> None:
        """Let a node's clock be off by so much."""
        self.directory(index).with_suffix(".clock").write_text(f"{seconds}")

    async def found_by_check(self) -> set[str]:
        """Return the problems that `nundb-exporter check` finds, given all nodes and what the exporters are given."""
        check = Check(
            (self.url(index) for index in range(NODES)),
            ADMINISTRATOR,
            ACCESSES,
            self.data / "check",
            collectors=COLLECTED,
            scrape_seconds=SCRAPE_TIMEOUT_SECONDS,
        )
        return await check.findings()


def targets(directory: Path) -> Path:
    """Return where Prometheus looks for what to scrape."""
    return directory / "targets"
