"""Runs the demo from start to shutdown: shows its nodes, and switches faults by key or by time."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Final

import click

from nundb_exporter.demo import guide
from nundb_exporter.demo.faults import KEYS, Faults
from nundb_exporter.demo.keyboard import keys
from nundb_exporter.demo.screen import Screen, sentence, table, wrapped
from nundb_exporter.demo.services import Services, Settings, running_services
from nundb_exporter.judge import judge

_TABLE_EVERY_SECONDS: Final = 2.0
_SENTENCE_EVERY_SECONDS: Final = 5.0
_MOST_PROBLEMS: Final = 6


async def run(settings: Settings, screen: Screen, keyboard: int | None, ended: asyncio.Event) -> None:
    """Start everything, show it until `ended` is set, and stop and remove everything; `keyboard` is a descriptor.

    Raises:
        ConfigError: a port is taken.
        NotReadyError: the nodes have not become one cluster in time.
        OSError: the screen cannot be written any more, which has ended the demo.
    """
    running = asyncio.create_task(_run(settings, screen, keyboard, ended))
    end = asyncio.create_task(ended.wait())
    await asyncio.wait({running, end}, return_when=asyncio.FIRST_COMPLETED)
    end.cancel()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    screen.keep_table()
    screen.say("Ended; nothing is left.")
    if screen.failure is not None:
        raise screen.failure


async def _run(settings: Settings, screen: Screen, keyboard: int | None, ended: asyncio.Event) -> None:
    started = time.monotonic()

    def tell(text: str) -> None:
        screen.say(f"{time.monotonic() - started:5.1f} s  {text}")

    with _logged_on(screen):
        async with running_services(settings, tell) as services:
            faults = Faults(services.cluster, screen.say)
            group = services.group

            def press(key: str) -> None:
                if key == guide.QUIT:
                    ended.set()
                elif key in KEYS:
                    group.create_task(faults.switch(KEYS[key]))

            with keys(keyboard, press) as has_keyboard:
                for line in guide.lines(services):
                    screen.say(line)
                group.create_task(_switch_faults_by_time(settings, faults))
                await _show(services, screen, ended, settings.duration_seconds, has_keyboard=has_keyboard)


async def _switch_faults_by_time(settings: Settings, faults: Faults) -> None:
    for name in settings.faults:
        await asyncio.sleep(settings.fault_after_seconds)
        await faults.switch(name, settings.fault_node)


async def _show(
    services: Services, screen: Screen, ended: asyncio.Event, seconds: float | None, *, has_keyboard: bool
) -> None:
    """Refresh the state of the nodes until it cannot be written any more, or for so long after it was shown once."""
    ending: asyncio.TimerHandle | None = None
    while screen.failure is None:
        found = await asyncio.gather(*(exporter.report() for exporter in services.exporters))
        reports = {f"node{index}": report for index, report in enumerate(found)}
        if screen.is_terminal:
            headings, *rows = table(reports, screen.width)
            above = ["", click.style(headings, bold=True), *rows]
            below = ["", *(guide.footer(screen.width) if has_keyboard else ["Ctrl-C ends it."])]
            found_wrong = [finding.sentence for finding in judge(found).findings]
            problems = _few(found_wrong, screen.width, screen.height - len(above) - len(below))
            screen.show([*above, *(click.style(line, fg="yellow") for line in problems), *below])
        else:
            screen.say(f"{time.strftime('%H:%M:%S')}  {sentence(reports)}")
        if ending is None and seconds is not None:
            ending = asyncio.get_running_loop().call_later(seconds, ended.set)
        await asyncio.sleep(_TABLE_EVERY_SECONDS if screen.is_terminal else _SENTENCE_EVERY_SECONDS)
    ended.set()


def _few(problems: Sequence[str], width: int, height: int) -> list[str]:
    """Return the lines of the first problems, and how many more there are: what is refreshed must fit on the screen."""
    lines: list[str] = []
    for number, problem in enumerate(problems):
        further = wrapped(f"! {problem}", width)
        if number == _MOST_PROBLEMS or len(lines) + len(further) >= height:
            rest = wrapped(f"… and {len(problems) - number} more: see nundb-exporter check", width)
            return [*lines, *rest]
        lines += further
    return lines


class _OnScreen(logging.Handler):
    def __init__(self, screen: Screen) -> None:
        super().__init__(logging.WARNING)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        self._screen.say(f"exporter: {record.getMessage()}")


@contextlib.contextmanager
def _logged_on(screen: Screen) -> Iterator[None]:
    """Show what the exporters log among the other lines, not across the table."""
    logger = logging.getLogger("nundb_exporter")
    handler = _OnScreen(screen)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
