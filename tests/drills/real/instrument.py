"""One Prometheus with the shipped rules, for all clusters."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nundb_exporter.demo.prometheus import Prometheus, find
from tests.drills.watch import Watch

from .cluster import SCRAPE_TIMEOUT_SECONDS, targets

SCRAPE_SECONDS = 15
LOOK_SECONDS = 1.0


class Instrument:
    """Prometheus with the shipped rules, and whoever looks at it."""

    def __init__(self, directory: Path, rules: Path, port: int) -> None:
        self._directory = directory
        self._rules = rules
        self._targets = targets(directory)
        self._prometheus = Prometheus(find() or "prometheus", directory / "prometheus", port)
        self.watch = Watch(self._prometheus.address)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Start it and look at it all the time.

        Raises:
            ExceptionGroup: it could not be looked at: the block is left at once, for silence would say nothing then.
        """
        self._targets.mkdir(parents=True)
        interval = f"{SCRAPE_SECONDS}s"
        timeout = f"{SCRAPE_TIMEOUT_SECONDS}s"
        settings = {
            "global": {"scrape_interval": interval, "scrape_timeout": timeout, "evaluation_interval": interval},
            "rule_files": ["alerts.yml", "recordings.yml"],
            "scrape_configs": [
                {
                    "job_name": "nundb",
                    "file_sd_configs": [{"files": [f"{self._targets}/*.json"], "refresh_interval": "5s"}],
                }
            ],
        }
        rules = {name: (self._rules / name).read_text("utf-8") for name in ("alerts.yml", "recordings.yml")}
        await self._prometheus.start(settings, rules)
        try:
            async with self.watch.open(), asyncio.TaskGroup() as group:
                looking = group.create_task(self._look())
                yield
                looking.cancel()
        finally:
            await self._prometheus.stop()

    async def _look(self) -> None:
        while True:
            await self.watch.look_once()
            await asyncio.sleep(LOOK_SECONDS)
