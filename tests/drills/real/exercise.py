"""Carries real drills out, several clusters at a time under one Prometheus, and tells what each has shown."""

import asyncio
import sys
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.monitoring.alerts.replication import LEAKED, LEFTOVER
from nundb_exporter.web import Server
from tests.conformance.targets import PASSWORD, USER
from tests.drills.field import until
from tests.drills.program import configuration, printed
from tests.drills.watch import Watch

from .faults import restart_saved
from .instrument import Instrument
from .nodes import DATABASE, DISPUTED, NODES, TOKEN, RealNodes
from .outcome import RealOutcome
from .plan import RealDrill

PORTS_PER_DRILL = 30
EXPORTER = 6
"""Beside the node's own ports, which end with 2, 3 and 4."""
HEALTHY_SECONDS = 75.0
LONGEST_WAIT_SECONDS = 1500.0
QUIET_SECONDS = 420.0
"""How long a fault that fires nothing is watched: as long as the longest critical alert waits, and more."""
STAGGER_SECONDS = 3.0
"""Between the starts of clusters: joins fail on a machine that starts many."""
OFF_BY_DEFAULT = ("transports", "acting_role")
"""Collectors without which some alerts say nothing. The limit of pending operations is the shipped one."""
ADMINISTRATOR = Credentials(USER, Secret(PASSWORD))
ACCESSES = (DatabaseAccess(DATABASE, Secret(TOKEN)), DatabaseAccess(DISPUTED, Secret(DISPUTED)))


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
        await until(lambda: wanted <= watch.fired(job).keys(), LONGEST_WAIT_SECONDS)
    else:
        await asyncio.sleep(QUIET_SECONDS)


async def _becomes_quiet(nodes: RealNodes, watch: Watch, job: str, outcome: RealOutcome) -> bool:
    """Wait until no alert is active; what a member owed when it died ends with the primary's process, as one reads."""
    ends_with_process = {LEAKED.name, LEFTOVER.name}

    def is_only_left() -> bool:
        return bool(watch.firing(job)) and watch.firing(job) <= ends_with_process

    if await until(lambda: watch.is_quiet(job) or is_only_left(), LONGEST_WAIT_SECONDS):
        if watch.is_quiet(job):
            return True
        outcome.has_restarted_primary = True
        await restart_saved(nodes, await nodes.primary())
    return await until(lambda: watch.is_quiet(job), LONGEST_WAIT_SECONDS)


@asynccontextmanager
async def _exporter(nodes: RealNodes, index: int) -> AsyncIterator[str]:
    port = nodes.base + 10 * index + EXPORTER
    module = Module(
        credentials=ADMINISTRATOR,
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
    file = configuration(nodes.data, ACCESSES)
    urls = (nodes.url(index) for index in range(NODES))
    try:
        report = await printed(ADMINISTRATOR, "compare", "--json", "--config.file", str(file), *urls)
    except ValueError as error:
        _tell(str(error))
        return "not compared"
    differing = sum(len(database["differences"]) for database in report["databases"])
    reached = sum(node["failure"] is None for node in report["nodes"])
    if differing or not report["equal"]:
        return f"{differing} keys differ"
    return "equal" if report["complete"] else f"equal on {reached} nodes"


def _tell(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%X')} {text}\n")
