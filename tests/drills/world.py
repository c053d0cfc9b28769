"""A cluster, its exporters and a Prometheus of its own, at one pace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Lock
from pathlib import Path
from typing import Any

import yaml

from nundb_exporter.demo.prometheus import Prometheus, find

from .drill import Lane
from .field import PORTS_PER_FIELD, Field
from .pace import Lateness, Pace, heed
from .shortened import shortened_rules
from .together import lanes
from .watch import Watch

PORTS_PER_WORLD = PORTS_PER_FIELD + 1
OWN_JOB = "nundb-exporter"
"""The job of the exporter itself in the example that is shipped."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lane's worlds are built, one after another."""

    job: str
    directory: Path
    first_port: int
    rules: Path
    """The directory of the shipped ones."""
    has_one_exporter: bool
    """Whether every lane has, and not only those that say so."""
    pace: Pace
    """The first one."""
    turn: Lock
    """Whose turn it is, of all lanes, to run `check`."""

    @property
    def lane(self) -> Lane:
        """What is to be done there."""
        return lanes(has_one_exporter=self.has_one_exporter)[self.job]

    def directory_of(self, number: int) -> Path:
        """Make the directory of one of the worlds."""
        directory = self.directory / f"{self.job}-{number}"
        directory.mkdir(parents=True)
        return directory


@dataclass(frozen=True, slots=True)
class World:
    """What a drill takes."""

    ground: Field
    watch: Watch
    pace: Pace
    lateness: Lateness

    @asynccontextmanager
    async def heeded(self) -> AsyncIterator[None]:
        """Look at the alerts, and see to it that event loop and Prometheus are not too late.

        Raises:
            ExceptionGroup: of StoodStillError, if they are: then the block is left at once.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self.watch.look(self.pace, self.lateness)),
                group.create_task(heed(self.pace, self.lateness)),
            ]
            yield
            for task in tasks:
                task.cancel()


@asynccontextmanager
async def built(place: Place, number: int, pace: Pace) -> AsyncIterator[World]:
    """Start everything, and end it at the end."""
    directory = place.directory_of(number)
    ground = Field(place.job, place.first_port, directory, pace, place.lane.setting, turn=place.turn)
    prometheus = Prometheus(find() or "prometheus", directory / "prometheus", place.first_port + PORTS_PER_FIELD)
    async with ground.open():
        found = _of_one_exporter(place, ground) if place.lane.setting.has_one_exporter else _of_exporters(ground)
        await prometheus.start(_configuration(found, pace), _rules(place.rules, pace))
        try:
            watch = Watch(prometheus.address, {OWN_JOB: place.job}, place.lane.setting.ignored)
            async with watch.open():
                yield World(ground, watch, pace, Lateness(pace))
        finally:
            await prometheus.stop()


def _configuration(found: list[Any], pace: Pace) -> dict[str, Any]:
    interval = f"{pace.scrape_seconds:g}s"
    return {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": ["alerts.yml", "recordings.yml"],
        "scrape_configs": found,
    }


def _of_exporters(ground: Field) -> list[Any]:
    """An exporter for each node, as discovery by files tells them."""
    return [{"job_name": "drills", "file_sd_configs": [{"files": [str(ground.targets)], "refresh_interval": "5s"}]}]


def _of_one_exporter(place: Place, ground: Field) -> list[Any]:
    """One exporter for all nodes, as in the example that is shipped; only its address and the job are others."""
    (exporter,) = ground.exporters
    text = (place.rules / "fleet.yml").read_text(encoding="utf-8").replace("nundb-exporter:9898", exporter.address)
    nodes, own = yaml.safe_load(text)["scrape_configs"]
    nodes["job_name"] = place.job
    nodes["http_sd_configs"][0]["refresh_interval"] = "5s"
    return [nodes, own]


def _rules(directory: Path, pace: Pace) -> dict[str, str]:
    """The shipped rules, on the shortened time scale."""
    return {
        name: yaml.safe_dump(shortened_rules(yaml.safe_load((directory / name).read_text(encoding="utf-8")), pace))
        for name in ("alerts.yml", "recordings.yml")
    }
