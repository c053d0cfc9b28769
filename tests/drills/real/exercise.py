"""Carries real drills out, several clusters at a time under one Prometheus, and tells what each has shown."""

import asyncio
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from nundb_exporter.monitoring.alerts.replication import LEAKED, LEFTOVER
from tests.drills.field import until
from tests.drills.program import configuration, printed
from tests.drills.watch import Watch

from .cluster import RealCluster
from .drill import RealDrill
from .exporters import ACCESSES, ADMINISTRATOR
from .faults import restart_saved
from .instrument import Instrument
from .nodes import NODES, RealNodes
from .outcome import CRITICAL, PROMPT_SECONDS, RealOutcome

PORTS_PER_DRILL = 30
HEALTHY_SECONDS = 75.0
LONGEST_WAIT_SECONDS = 1500.0
LASTING_SECONDS = 45.0
"""How long no alert may be about to fire until it is silence: a scrape may have been lost."""
QUIET_SECONDS = 420.0
"""How long a fault that fires nothing is watched: as long as the longest critical alert waits, and more."""
STAGGER_SECONDS = 3.0
"""Between the starts of clusters: joins fail on a machine that starts many."""


async def exercise(
    drills: Sequence[RealDrill],
    binary: Path,
    directory: Path,
    *,
    rules: Path,
    base: int,
    at_once: int,
    healthy_seconds: float,
    keep: Callable[[RealOutcome], None],
) -> list[RealOutcome]:
    """Carry out drills, so many at a time; `keep` is given each outcome at once, because all of them take hours."""
    instrument = Instrument(directory, rules, base)
    turns = asyncio.Semaphore(at_once)
    bases = [base + 10 + PORTS_PER_DRILL * number for number in range(len(drills))]

    async def in_turn(drill: RealDrill, first_port: int) -> RealOutcome:
        async with turns:
            await asyncio.sleep((first_port - base) / PORTS_PER_DRILL % at_once * STAGGER_SECONDS)
            cluster = RealCluster(
                drill.name,
                first_port,
                directory,
                binary,
                is_beside_nodes=drill.is_beside_nodes,
                has_links=drill.has_links,
                has_own_clocks=drill.has_own_clocks,
            )
            outcome = await _carry_out(drill, cluster, instrument.watch, healthy_seconds)
        _tell(f"{drill.name}: {'good' if outcome.is_good else 'not good'}: {outcome.summary}")
        keep(outcome)
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


async def _carry_out(drill: RealDrill, cluster: RealCluster, watch: Watch, healthy_seconds: float) -> RealOutcome:
    loop = asyncio.get_running_loop()
    outcome = RealOutcome(drill)
    job = cluster.job
    broken = loop.time()
    try:
        async with cluster.open(), cluster.writing(drill.writes_per_second):
            await asyncio.sleep(healthy_seconds)
            outcome.healthy = set(watch.fired(job))
            watch.begin(job)
            _tell(f"{drill.name}: breaks")
            broken = loop.time()
            async with drill.run(cluster):
                async with asyncio.TaskGroup() as group:
                    gap = group.create_task(_has_gap(watch, job)) if drill.is_prompt else None
                    await _until_fired(drill, watch, job)
                    if not drill.takes_all_cores:
                        outcome.found = await cluster.found_by_check()
                        outcome.before = await _compared(cluster)
                outcome.has_gap = gap is not None and gap.result()
                _tell(f"{drill.name}: fired {sorted(watch.fired(job))}, {outcome.before}; is cured")
                curing = loop.time()
            cured = loop.time()
            outcome.cured_after = cured - curing
            if await _becomes_quiet(cluster, watch, job, outcome):
                outcome.silent_after = loop.time() - cured - LASTING_SECONDS
            outcome.after = await _compared(cluster)
    except Exception as error:  # noqa: BLE001 - the other drills continue
        outcome.error = f"{type(error).__name__}: {error}"
        traceback.print_exc()
    outcome.fired = {name: moment - broken for name, moment in watch.fired(job).items()}
    return outcome


async def _has_gap(watch: Watch, job: str) -> bool:
    """Watch for a while whether something critical fires at every moment from the first one on."""

    def is_silent() -> bool:
        return not watch.firing(job) & CRITICAL

    await until(lambda: not is_silent(), PROMPT_SECONDS)
    return await until(is_silent, QUIET_SECONDS)


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

    patience = LONGEST_WAIT_SECONDS + outcome.drill.looks_back_seconds
    if await until(lambda: watch.is_quiet(job) or is_only_left(), patience) and is_only_left():
        outcome.has_restarted_primary = True
        await restart_saved(nodes, await nodes.primary())
    while await until(lambda: watch.is_quiet(job), patience):
        if not await until(lambda: not watch.is_quiet(job), LASTING_SECONDS):
            return True
    return False


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
