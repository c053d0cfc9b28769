"""How fast the drills go: as fast as the machine can follow, so that no verdict depends on how fast that is."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

SLOWEST_SECONDS = 8.0
NAPS = 10
CALM_SECONDS = 5.0
"""How long the instrument must follow before it is relied on, at the fastest pace."""
LONGEST_UNREST_SECONDS = 20.0


class StoodStillError(Exception):
    """The instrument itself was late: what it has shown meanwhile says nothing about alerts."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What is a second on a machine that follows, and longer on a slower one: all other times derive from it."""

    scrape_seconds: float = 1.0
    """The interval and the timeout of scrapes, and the interval of evaluations."""

    def stretched(self, seconds: float) -> float:
        """Return how long something takes that takes so many seconds at the fastest pace."""
        return seconds * self.scrape_seconds

    def slower(self) -> "Pace":
        """Return half of this pace, or the slowest one."""
        return Pace(min(2 * self.scrape_seconds, SLOWEST_SECONDS))


FASTEST = Pace()


class Lateness:
    """How late the instrument, which is the event loop and Prometheus, has been at worst."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._worst = 0.0

    def begin(self) -> None:
        """Forget what has been so far."""
        self._worst = 0.0

    def doubt(self, seconds: float) -> None:
        """Take in that something beside the instrument was so late: a verdict that is wrong says nothing then."""
        self._worst = max(self._worst, seconds)

    def note(self, seconds: float) -> None:
        """Take in that something was so late.

        Raises:
            StoodStillError: a scrape is lost, if not more.
        """
        self.doubt(seconds)
        if seconds > self._pace.scrape_seconds:
            raise self.error()

    @property
    def is_doubtful(self) -> bool:
        """Whether a scrape may have been cut short.

        No alert fires just because of one, as each waits for three; but something may have gone wrong in the cluster.
        """
        return self._worst > self._pace.scrape_seconds / 2

    def error(self, shown: str = "") -> StoodStillError:
        """Tell what has been, and what was shown meanwhile, which does not count."""
        late = f"{self._worst:.1f} s late, with a scrape every {self._pace.scrape_seconds:g} s"
        return StoodStillError(f"{late}; shown meanwhile: {shown}" if shown else late)


async def settle(pace: Pace) -> None:
    """Wait until the event loop follows: where much is started at once, it does not at first.

    Raises:
        StoodStillError: it does not.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + pace.stretched(LONGEST_UNREST_SECONDS)
    while loop.time() < end:
        with suppress(StoodStillError):
            return await _follow(pace)
    return await _follow(pace)


async def heed(pace: Pace, lateness: Lateness) -> None:
    """Note how late a number of naps are, all together.

    Raises:
        StoodStillError: as `Lateness.note` does.
    """
    loop = asyncio.get_running_loop()
    nap = pace.scrape_seconds / 2 / NAPS
    while True:
        begun = loop.time()
        for _ in range(NAPS):
            await asyncio.sleep(nap)
        lateness.note(loop.time() - begun - NAPS * nap)


async def _follow(pace: Pace) -> None:
    lateness = Lateness(pace)
    with suppress(TimeoutError):
        async with asyncio.timeout(pace.stretched(CALM_SECONDS)):
            await heed(pace, lateness)
    if lateness.is_doubtful:
        raise lateness.error()
