"""Runs the drills, all clusters at once, and reports the results."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from nundb_devserver import free_row
from nundb_exporter.demo.prometheus import Prometheus, find
from nundb_exporter.monitoring.recordings import RECORDINGS

from .field import PORTS_PER_FIELD, Field, until
from .plan import FAILOVER, LEFT_BEHIND, Drill
from .shortened import shortened_rules
from .watch import Watch

HEALTHY_SECONDS = 75.0
"""How long nothing may fire under load: 25 minutes of the shipped rules' time."""
LONGEST_WAIT_SECONDS = 240.0
LONGEST_SILENCE_SECONDS = 240.0
LONGEST_FINDING_SECONDS = 60.0
QUIET_SECONDS = 70.0
"""How long a fault that must fire no alert is watched: longer than the longest `for`."""
STUCK_SECONDS = 25.0


@dataclass
class Outcome:
    """The result of one drill; times in seconds since the fault, or since the repair."""

    drill: Drill
    fired: dict[str, float] = field(default_factory=dict)
    lasted: float = 0.0
    """When the cure began."""
    has_restarted_primary: bool = False
    """Whether that was part of the cure."""
    found: dict[str, set[str]] = field(default_factory=dict)
    """The problems that `check` and the pages found while the fault lasted, by who found them."""
    silent_after: float | None = None
    error: str | None = None

    @property
    def missing(self) -> set[str]:
        """Alerts that should have fired and did not."""
        return {alert.name for alert in self.drill.fires} - self.fired.keys()

    @property
    def wrong(self) -> set[str]:
        """Unrelated alerts that fired."""
        right = {alert.name for alert in (*self.drill.fires, *self.drill.may_fire)}
        by_cure = {alert.name for alert in FAILOVER} if self.has_restarted_primary else set[str]()
        return {
            name
            for name, moment in self.fired.items()
            if name not in right and not (name in by_cure and moment > self.lasted)
        }

    @property
    def unsaid(self) -> dict[str, set[str]]:
        """Alerts whose finding is missing, by who should have found it."""
        expected = {"check": self.drill.found_by_check, "page": self.drill.found_by_page}
        missing = {voice: set(names) - self.found.get(voice, set()) for voice, names in expected.items()}
        return {voice: names for voice, names in missing.items() if names}

    @property
    def needless(self) -> dict[str, set[str]]:
        """What was found although the fault is to be borne in silence, by who found it."""
        return {voice: names for voice, names in self.found.items() if names and not self.drill.fires}

    @property
    def is_right(self) -> bool:
        """Whether the expected alerts fired, no others did, and all resolved."""
        faults = (self.error, self.missing, self.wrong, self.unsaid, self.needless)
        return not any(faults) and self.silent_after is not None


@dataclass
class Report:
    """The results of all drills."""

    healthy: dict[str, dict[str, float]] = field(default_factory=dict)
    """Alerts that fired while all clusters were healthy, by job."""
    found: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    """What `check` and the pages found while all clusters were healthy, by job."""
    recorded: dict[str, int] = field(default_factory=dict)
    """Series of each recording rule while all clusters were healthy."""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    queries: dict[str, int] = field(default_factory=dict)
    """Series of each query of the panels, over the whole run."""
    seconds: float = 0.0


async def carry_out(directory: Path, rules: Path, queries: list[str], lanes: dict[str, tuple[Drill, ...]]) -> Report:
    """Run all drills, and return the results."""
    report = Report()
    begun = time.monotonic()
    async with _built(directory, rules, list(lanes)) as (fields, watch):
        await asyncio.sleep(HEALTHY_SECONDS)
        report.healthy = {ground.job: dict(watch.fired(ground.job)) for ground in fields}
        for ground in fields:
            report.found[ground.job] = await _findings(ground)
        for recording in RECORDINGS:
            report.recorded[recording.name] = len(await watch.query(recording.name))
        async with asyncio.TaskGroup() as group:
            for ground in fields:
                group.create_task(_lane(ground, watch, lanes[ground.job], report))
        report.seconds = time.monotonic() - begun
        for query in queries:
            report.queries[query] = len(await watch.query_range(query, report.seconds))
        report.unreadable = watch.unreadable
    return report


async def _lane(ground: Field, watch: Watch, drills: tuple[Drill, ...], report: Report) -> None:
    for drill in drills:
        outcome = await _drill(ground, watch, drill)
        if not outcome.is_right:
            # The embedded cluster joins and elects as the real one does, races included (protocol notes 6.3, 6.6): more
            # may break than was meant to, once. An alert that is deaf or wrong is so the second time, too.
            outcome = await _drill(ground, watch, drill)
        report.outcomes[drill.name] = outcome


async def _drill(ground: Field, watch: Watch, drill: Drill) -> Outcome:
    outcome = Outcome(drill)
    wanted = {alert.name for alert in drill.fires}
    failovers = ground.failovers
    watch.begin(ground.job)
    broken = time.monotonic()
    try:
        async with drill.run(ground):
            if wanted:
                await until(lambda: wanted <= watch.fired(ground.job).keys(), LONGEST_WAIT_SECONDS)
            else:
                await asyncio.sleep(QUIET_SECONDS)
            outcome.found = await _findings(ground, drill)
            outcome.lasted = time.monotonic() - broken
        cured = time.monotonic()
        await ground.unite()
        await _until_silent(ground, watch)
        if watch.is_quiet(ground.job):
            outcome.silent_after = time.monotonic() - cured
    except Exception as error:  # noqa: BLE001 - the other clusters' drills continue, and the test fails
        outcome.error = f"{type(error).__name__}: {error}"
    outcome.has_restarted_primary = ground.failovers > failovers
    outcome.fired = {name: moment - broken for name, moment in watch.fired(ground.job).items()}
    return outcome


async def _findings(ground: Field, drill: Drill | None = None) -> dict[str, set[str]]:
    """Ask `check` and the pages until they find what the drill should show, or for long enough.

    Returns what they found last, by who found it. Without a drill, and in one that fires nothing, they should find
    nothing.
    """
    by_check = drill.found_by_check if drill else frozenset[str]()
    by_page = drill.found_by_page if drill else frozenset[str]()
    is_quiet = drill is None or not drill.fires
    found: dict[str, set[str]] = {}
    for voice, ask, expected in (
        ("check", ground.found_by_check, by_check),
        ("page", ground.found_by_pages, by_page),
    ):
        deadline = time.monotonic() + LONGEST_FINDING_SECONDS
        while True:
            found[voice] = await ask()
            if (not found[voice] if is_quiet else expected <= found[voice]) or time.monotonic() > deadline:
                break
    return found


async def _until_silent(ground: Field, watch: Watch) -> None:
    """Wait until all alerts resolve; if a member happened to die with operations unacknowledged, follow the runbook."""
    stuck = {alert.name for alert in LEFT_BEHIND}

    def is_only_stuck() -> bool:
        return bool(watch.firing(ground.job)) and watch.firing(ground.job) <= stuck

    deadline = time.monotonic() + LONGEST_SILENCE_SECONDS
    while not watch.is_quiet(ground.job) and time.monotonic() < deadline:
        await until(lambda: watch.is_quiet(ground.job), STUCK_SECONDS)
        if is_only_stuck():
            await ground.restart_primary()


@asynccontextmanager
async def _built(directory: Path, rules: Path, jobs: list[str]) -> AsyncIterator[tuple[list[Field], Watch]]:
    """Start the clusters, their exporters and Prometheus."""
    async with AsyncExitStack() as stack:
        first = free_row(PORTS_PER_FIELD * (len(jobs) + 1))
        fields = [Field(job, first + PORTS_PER_FIELD * number, directory) for number, job in enumerate(jobs, 1)]
        await asyncio.gather(*(stack.enter_async_context(ground.open()) for ground in fields))
        prometheus = Prometheus(find() or "prometheus", directory / "prometheus", first)
        await prometheus.start(_configuration(directory), _rules(rules))
        stack.push_async_callback(prometheus.stop)
        watch = Watch(prometheus.address)
        await stack.enter_async_context(watch.open())
        yield fields, watch


def _configuration(directory: Path) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["alerts.yml", "recordings.yml"],
        "scrape_configs": [
            {
                "job_name": "drills",
                "file_sd_configs": [{"files": [str(directory / "*.json")], "refresh_interval": "5s"}],
            }
        ],
    }


def _rules(directory: Path) -> dict[str, str]:
    """The shipped rules, on the shortened time scale."""
    return {
        name: yaml.safe_dump(shortened_rules(yaml.safe_load((directory / name).read_text(encoding="utf-8"))))
        for name in ("alerts.yml", "recordings.yml")
    }
