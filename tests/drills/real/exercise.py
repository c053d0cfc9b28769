"""Carries real drills out, several clusters at a time under one Prometheus, and tells what each has shown."""

import asyncio
import json
import os
import sys
import time
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.demo.prometheus import Prometheus, find
from nundb_exporter.monitoring.alerts import ALERTS
from nundb_exporter.monitoring.alerts.replication import LEAKED, LEFTOVER
from nundb_exporter.web import Server
from tests.conformance.targets import PASSWORD, USER
from tests.drills.watch import Watch

from .nodes import DATABASE, DISPUTED, NODES, TOKEN, RealNodes
from .plan import RealDrill

PORTS_PER_DRILL = 30
EXPORTER = 6
"""Beside the node's own ports, which end with 2, 3 and 4."""
SCRAPE_SECONDS = 15
HEALTHY_SECONDS = 75.0
LONGEST_WAIT_SECONDS = 1500.0
QUIET_SECONDS = 420.0
"""How long a fault that fires nothing is watched: as long as the longest critical alert waits, and more."""
PROMPT_SECONDS = 120.0
LOOK_SECONDS = 1.0
STAGGER_SECONDS = 3.0
"""Between the starts of clusters: joins fail on a machine that starts many."""
OFF_BY_DEFAULT = ("transports", "acting_role")
"""Collectors without which some alerts say nothing. The limit of pending operations is the shipped one."""
CRITICAL = frozenset(alert.name for alert in ALERTS if alert.severity == "critical")
ACCESSES = (DatabaseAccess(DATABASE, Secret(TOKEN)), DatabaseAccess(DISPUTED, Secret(DISPUTED)))


@dataclass
class RealOutcome:
    """What one drill has shown; times in seconds since the fault, or since the cure was done."""

    drill: RealDrill
    healthy: set[str] = field(default_factory=set)
    """Alerts that fired before anything was broken."""
    fired: dict[str, float] = field(default_factory=dict)
    cured_after: float | None = None
    """How long the cure took."""
    has_restarted_primary: bool = False
    """Whether operations of a dead member were left, and the primary was restarted for them."""
    silent_after: float | None = None
    before: str = ""
    """What `compare` said before the cure."""
    after: str = ""
    """What it said after it."""
    error: str = ""

    @property
    def first_critical(self) -> float | None:
        """When the first critical alert fired."""
        return min((moment for name, moment in self.fired.items() if name in CRITICAL), default=None)

    @property
    def summary(self) -> str:
        """What it has shown, in one line."""
        fired = ", ".join(f"{name} {moment:.0f}" for name, moment in self.fired.items())
        return f"{fired or 'nothing fired'}; values {self.before}, {self.after}; {self.silent_after}; {self.error}"

    @property
    def is_good(self) -> bool:
        """Whether all is as it should be."""
        first = self.first_critical
        return (
            not self.error
            and not self.healthy
            and {alert.name for alert in self.drill.fires} <= self.fired.keys()
            and (bool(self.drill.fires) or first is None)
            and (not self.drill.is_prompt or (first is not None and first <= PROMPT_SECONDS))
            and self.silent_after is not None
            and self.after == "equal"
        )


class Instrument:
    """Prometheus with the shipped rules, and whoever looks at it."""

    def __init__(self, directory: Path, rules: Path, port: int) -> None:
        self._directory = directory
        self._rules = rules
        self.targets = directory / "targets"
        self._prometheus = Prometheus(find() or "prometheus", directory / "prometheus", port)
        self.watch = Watch(self._prometheus.address)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Start it and look at it all the time."""
        self.targets.mkdir(parents=True)
        interval = f"{SCRAPE_SECONDS}s"
        settings = {
            "global": {"scrape_interval": interval, "scrape_timeout": "10s", "evaluation_interval": interval},
            "rule_files": ["alerts.yml", "recordings.yml"],
            "scrape_configs": [
                {
                    "job_name": "nundb",
                    "file_sd_configs": [{"files": [f"{self.targets}/*.json"], "refresh_interval": "5s"}],
                }
            ],
        }
        rules = {name: (self._rules / name).read_text("utf-8") for name in ("alerts.yml", "recordings.yml")}
        await self._prometheus.start(settings, rules)
        try:
            async with self.watch.open():
                looking = asyncio.create_task(self._look())
                try:
                    yield
                finally:
                    looking.cancel()
                    await asyncio.gather(looking, return_exceptions=True)
        finally:
            await self._prometheus.stop()

    async def _look(self) -> None:
        while True:
            await self.watch.look_once()
            await asyncio.sleep(LOOK_SECONDS)

    def show(self, job: str, addresses: Sequence[str]) -> None:
        """Let Prometheus scrape these as a job of their own."""
        entry = {"targets": list(addresses), "labels": {"job": job}}
        temporary = self.targets / f"{job}.new"
        temporary.write_text(json.dumps([entry]), encoding="utf-8")
        temporary.rename(self.targets / f"{job}.json")


async def exercise(
    drills: Sequence[RealDrill],
    binary: Path,
    directory: Path,
    *,
    rules: Path,
    base: int,
    at_once: int,
    healthy_seconds: float,
) -> list[RealOutcome]:
    """Carry out drills, so many at a time."""
    instrument = Instrument(directory, rules, base)
    turns = asyncio.Semaphore(at_once)
    bases = [base + 10 + PORTS_PER_DRILL * number for number in range(len(drills))]

    async def in_turn(drill: RealDrill, first_port: int) -> RealOutcome:
        async with turns:
            await asyncio.sleep((first_port - base) / PORTS_PER_DRILL % at_once * STAGGER_SECONDS)
            outcome = await _carry_out(
                drill, RealNodes(first_port, directory / job_of(drill), binary), instrument, healthy_seconds
            )
        _tell(f"{drill.name}: {'good' if outcome.is_good else 'not good'}: {outcome.summary}")
        return outcome

    numbered = list(zip(drills, bases, strict=True))
    async with instrument.open():
        outcomes = list(
            await asyncio.gather(*(in_turn(drill, first) for drill, first in numbered if not drill.takes_all_cores))
        )
        for drill, first in numbered:
            if drill.takes_all_cores:
                outcomes.append(await in_turn(drill, first))
    return outcomes


def job_of(drill: RealDrill) -> str:
    """Return what Prometheus calls its cluster."""
    return "".join(letter if letter.isalnum() else "-" for letter in drill.name)


async def _carry_out(drill: RealDrill, nodes: RealNodes, instrument: Instrument, healthy_seconds: float) -> RealOutcome:
    loop = asyncio.get_running_loop()
    outcome = RealOutcome(drill)
    job = job_of(drill)
    broken = loop.time()
    watch = instrument.watch
    async with AsyncExitStack() as stack:
        stack.push_async_callback(nodes.close)
        try:
            await nodes.start_all()
            addresses = [await stack.enter_async_context(_exporter(nodes, index)) for index in range(NODES)]
            instrument.show(job, addresses)
            stack.callback(instrument.show, job, ())
            await stack.enter_async_context(nodes.writing(drill.writes_per_second))
            await asyncio.sleep(healthy_seconds)
            outcome.healthy = set(watch.fired(job))
            watch.begin(job)
            _tell(f"{drill.name}: breaks")
            broken = loop.time()
            async with drill.run(nodes):
                await _until_fired(drill, watch, job)
                outcome.before = "not asked" if drill.takes_all_cores else await _compared(nodes)
                _tell(f"{drill.name}: fired {sorted(watch.fired(job))}, {outcome.before}; is cured")
                curing = loop.time()
            cured = loop.time()
            outcome.cured_after = cured - curing
            if await _becomes_quiet(nodes, watch, job, outcome):
                outcome.silent_after = loop.time() - cured
            outcome.after = await _compared(nodes)
        except Exception as error:  # noqa: BLE001 - the other drills continue
            outcome.error = f"{type(error).__name__}: {error}"
            traceback.print_exc()
        outcome.fired = {name: moment - broken for name, moment in watch.fired(job).items()}
    return outcome


async def _until_fired(drill: RealDrill, watch: Watch, job: str) -> None:
    wanted = {alert.name for alert in drill.fires}
    if wanted:
        await _until(lambda: wanted <= watch.fired(job).keys(), LONGEST_WAIT_SECONDS)
    else:
        await asyncio.sleep(QUIET_SECONDS)


async def _becomes_quiet(nodes: RealNodes, watch: Watch, job: str, outcome: RealOutcome) -> bool:
    """Wait until no alert is active; what a member owed when it died ends with the primary's process, as one reads."""
    ends_with_process = {LEAKED.name, LEFTOVER.name}

    def is_only_left() -> bool:
        return bool(watch.firing(job)) and watch.firing(job) <= ends_with_process

    if await _until(lambda: watch.is_quiet(job) or is_only_left(), LONGEST_WAIT_SECONDS):
        if watch.is_quiet(job):
            return True
        outcome.has_restarted_primary = True
        primary = await nodes.primary()
        await nodes.snapshot(primary)
        await nodes.restart(primary)
        await nodes.write_all()
    return await _until(lambda: watch.is_quiet(job), LONGEST_WAIT_SECONDS)


async def _until(holds: Callable[[], bool], seconds: float) -> bool:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not holds():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return True


@asynccontextmanager
async def _exporter(nodes: RealNodes, index: int) -> AsyncIterator[str]:
    port = nodes.base + 10 * index + EXPORTER
    module = Module(
        credentials=Credentials(USER, Secret(PASSWORD)),
        collectors=tuple(each.name for each in COLLECTORS if each.is_default or each.name in OFF_BY_DEFAULT),
        databases=ACCESSES,
    )
    target = Target(parse_endpoint("the node's address", nodes.url(index)), module)
    server = Server(Fleet.of(target), Web(listen=(("127.0.0.1", port),)))
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop()


async def _compared(nodes: RealNodes) -> str:
    """Return what `nundb-exporter compare` says of the three nodes, in a few words."""
    configuration = nodes.data / "compare.yml"
    tokens = []
    for access in ACCESSES:
        file = nodes.data / f"{access.name}.token"
        file.write_text(access.token.reveal(), encoding="utf-8")
        tokens.append({"name": access.name, "token_file": str(file)})
    configuration.write_text(yaml.safe_dump({"modules": {"default": {"databases": tokens}}}), encoding="utf-8")
    urls = [nodes.url(index) for index in range(NODES)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "nundb_exporter", "compare", "--json", "--config.file", str(configuration), *urls),
        env={**os.environ, "NUN_USER": USER, "NUN_PWD": PASSWORD},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    if not output:
        return "not compared"
    report = json.loads(output)
    differing = sum(len(database["differences"]) for database in report["databases"])
    reached = sum(node["failure"] is None for node in report["nodes"])
    if differing or not report["equal"]:
        return f"{differing} keys differ"
    return "equal" if report["complete"] else f"equal on {reached} nodes"


def _tell(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%X')} {text}\n")
