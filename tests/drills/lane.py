"""The drills of one lane, one after another in one world, which is left for another where they have to be repeated."""

import asyncio
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import count

from nundb_devserver import NotReadyError
from nundb_exporter.monitoring.recordings import RECORDINGS

from .drill import LEFT_BEHIND, Drill, Lane
from .field import Field, until
from .outcome import Outcome, Report
from .pace import StoodStillError, settle
from .world import Place, World, built

HEALTHY_SECONDS = 75.0
"""How long nothing may fire under load: 25 minutes of the shipped rules' time."""
QUIET_SECONDS = 70.0
"""How long a fault that must fire no alert is watched: longer than the longest `for`."""
LASTING_SECONDS = 5.0
"""How long none may be about to fire until it is silence: an election that goes wrong takes a second to show."""
STUCK_SECONDS = 25.0
LONGEST_WAIT_SECONDS = 240.0
"""Until all alerts have begun to wait, beside the time for which they do."""
LONGEST_SILENCE_SECONDS = 240.0
LONGEST_MEMORY_SECONDS = 180.0
"""Beyond an hour, alerts look back to compare."""
FINDING_SECONDS = 10.0
"""What `check` and the pages take in a drill, roughly."""
LONGEST_FINDING_SECONDS = 60.0
"""These are seconds at the fastest pace."""
MOST_STANDSTILLS = 8


def expected_seconds(lane: Lane) -> float:
    """Return how long a lane takes, roughly: alerts wait before they fire, and look back before they resolve."""
    return HEALTHY_SECONDS + sum(map(_expected_seconds, lane.drills))


def _expected_seconds(drill: Drill) -> float:
    if not drill.fires:
        return QUIET_SECONDS
    lasts = max(drill.wait_seconds, drill.lasts_seconds)
    return lasts + FINDING_SECONDS + min(drill.memory_seconds, LONGEST_MEMORY_SECONDS)


async def carry_out(place: Place, queries: Sequence[str]) -> Report:
    """Carry out the drills of a lane, and return the results.

    What the instrument has shown while it stood still does not count, nor what went wrong while it was late: that is
    repeated at a slower pace. A drill that goes wrong otherwise is repeated once. The embedded cluster joins and elects
    as the real one does, races included (protocol notes 6.3, 6.6): more may break than was meant to, once. An alert
    that is deaf or wrong is so the second time, too.
    """
    report = Report()
    remaining = deque(place.lane.drills)
    has_gone_wrong: set[str] = set()
    standstills = 0
    pace = place.pace
    for number in count():
        try:
            async with built(place, number, pace) as world:
                await _in_one_world(world, remaining, report, has_gone_wrong, queries)
        except* (StoodStillError, NotReadyError, TimeoutError) as group:  # the latter two: before anything was broken
            standstills += 1
            pace = pace.slower()
            _tell(report, f"{place.job}: {group.exceptions[0]!r}")
        if standstills == MOST_STANDSTILLS:
            report.outcomes |= {
                drill.name: Outcome(drill.name, place.lane.setting, error=report.repeated[-1]) for drill in remaining
            }
            remaining.clear()
        if not remaining:
            return report
    raise AssertionError("unreachable")


async def _in_one_world(
    world: World, remaining: deque[Drill], report: Report, has_gone_wrong: set[str], queries: Sequence[str]
) -> None:
    """Carry out what remains, until a drill goes wrong: the next one, or the same once more, shall find a new world."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await settle(world.pace)
    try:
        async with world.heeded():
            await _be_healthy(world, report)
            await _carry_out(world, remaining, report, has_gone_wrong)
    finally:  # in a world that is given up as well: drills that are not repeated have shown there what panels show
        report.unreadable |= world.watch.unreadable
        for query in queries:
            report.queries[query] += len(await world.watch.query_range(query, loop.time() - begun))


async def _carry_out(world: World, remaining: deque[Drill], report: Report, has_gone_wrong: set[str]) -> None:
    while remaining:
        drill = remaining[0]
        outcome = await _drill(world, drill)
        if not outcome.is_right and world.lateness.is_doubtful:
            raise world.lateness.error(str(outcome))
        if outcome.is_right or drill.name in has_gone_wrong:
            report.outcomes[drill.name] = outcome
            remaining.popleft()
        if not outcome.is_right:
            has_gone_wrong.add(drill.name)
            _tell(report, f"{world.ground.job}: {outcome}")
            return


def _tell(report: Report, reason: str) -> None:
    report.repeated.append(reason)
    sys.stderr.write(f"{time.strftime('%X')} carried out again: {reason}\n")


async def _be_healthy(world: World, report: Report) -> None:
    job = world.ground.job
    world.lateness.begin()
    await asyncio.sleep(world.pace.stretched(HEALTHY_SECONDS))
    fired = report.healthy.get(job, {}) | world.watch.fired(job)
    found = await _findings(world)
    if (fired or any(found.values())) and world.lateness.is_doubtful:
        raise world.lateness.error(f"{fired}, {found}")
    recorded = {recording.name: len(await world.watch.query(recording.name)) for recording in RECORDINGS}
    report.healthy[job], report.found[job] = fired, found
    report.recorded.update(recorded)


async def _drill(world: World, drill: Drill) -> Outcome:
    ground, watch, pace = world.ground, world.watch, world.pace
    loop = asyncio.get_running_loop()
    outcome = Outcome(drill.name, ground.setting)
    wanted = {alert.name for alert in drill.fires}
    failovers = ground.failovers
    watch.begin(ground.job)
    world.lateness.begin()
    broken = loop.time()
    try:
        async with drill.run(ground):
            if wanted:
                patience = LONGEST_WAIT_SECONDS + drill.wait_seconds
                await until(lambda: wanted <= watch.fired(ground.job).keys(), pace.stretched(patience))
            else:
                await asyncio.sleep(pace.stretched(QUIET_SECONDS))
            outcome.found = await _findings(world, drill)
            await asyncio.sleep(max(0.0, broken + pace.stretched(drill.lasts_seconds) - loop.time()))
            outcome.resolved_early = watch.resolved(ground.job) & wanted
            outcome.lasted = (loop.time() - broken) / pace.scrape_seconds
        cured = loop.time()
        await ground.unite()
        silent = await _silence(world)
        if silent is not None:
            outcome.silent_after = (silent - cured) / pace.scrape_seconds
    except Exception as error:  # noqa: BLE001 - the other drills continue, and the test fails
        outcome.error = f"{type(error).__name__}: {error}"
    outcome.has_restarted_primary = ground.failovers > failovers
    outcome.fired = {name: (moment - broken) / pace.scrape_seconds for name, moment in watch.fired(ground.job).items()}
    return outcome


async def _findings(world: World, drill: Drill | None = None) -> dict[str, set[str]]:
    """Ask `check` and the pages until they find what the drill should show, or for long enough.

    Returns what they found last, by who found it. Without a drill, and in one that fires nothing, they should find
    nothing. Waiting for a turn takes none of their time, and is not late.
    """
    ground: Field = world.ground
    loop = asyncio.get_running_loop()
    by_check = drill.found_by_check if drill else frozenset[str]()
    by_page = drill.found_by_page(ground.setting) if drill else frozenset[str]()
    is_quiet = drill is None or not drill.fires
    found: dict[str, set[str]] = {}
    for voice, ask, expected, turn in (
        ("check", ground.found_by_check, by_check, ground.turn),
        ("page", ground.found_by_pages, by_page, nullcontext),
    ):
        patience = world.pace.stretched(LONGEST_FINDING_SECONDS)
        while True:
            async with turn():
                asked = loop.time()
                found[voice] = await ask()
                seconds = loop.time() - asked
            if voice == "check":  # a process of its own, whose scrapes are late where the machine is
                world.lateness.doubt(seconds - world.pace.scrape_seconds)
            patience -= seconds + world.pace.scrape_seconds
            if (not found[voice] if is_quiet else expected <= found[voice]) or patience < 0:
                break
            await asyncio.sleep(world.pace.scrape_seconds)  # other lanes shall have their turn, too
    return found


async def _silence(world: World) -> float | None:
    """Return when all alerts have resolved; if operations stay unacknowledged, the runbook is followed."""
    ground, watch, pace = world.ground, world.watch, world.pace
    loop = asyncio.get_running_loop()
    stuck = {alert.name for alert in LEFT_BEHIND}

    def is_only_stuck() -> bool:
        return bool(watch.firing(ground.job)) and watch.firing(ground.job) <= stuck

    deadline = loop.time() + pace.stretched(LONGEST_SILENCE_SECONDS)
    while loop.time() < deadline:
        if await until(lambda: watch.is_quiet(ground.job), pace.stretched(STUCK_SECONDS)):
            silent = loop.time()
            if not await until(lambda: not watch.is_quiet(ground.job), pace.stretched(LASTING_SECONDS)):
                return silent
        elif is_only_stuck():
            await ground.restart_primary()
    return None
