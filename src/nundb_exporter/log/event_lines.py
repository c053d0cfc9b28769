"""Which lines stand for which events, ready to be matched."""

import re
from typing import Final

from nundb_exporter.log.events import EVENTS, Event

PANIC: Final = re.compile(rb"thread '(.*)'(?: \(\d+\))? panicked at .+:\d+:\d+:\r?$")
"""Written to standard error; older compilers print no number in brackets."""


def _compiled(event: Event) -> re.Pattern[bytes]:
    return re.compile(rb"(?:%b)" % event.pattern.encode(), re.DOTALL)


BY_TARGET: Final = {
    target.encode(): [(_compiled(event), event.name) for event in EVENTS if event.target == target]
    for target in {event.target for event in EVENTS if event.target}
}
"""The patterns of lines with a header, by who writes them."""
PLAIN_LINES: Final[tuple[tuple[re.Pattern[bytes], tuple[str, ...]], ...]] = (
    *((_compiled(event), (event.name,)) for event in EVENTS if not event.target),
    (re.compile(rb"note: |stack backtrace:"), ()),
)
"""The patterns of lines without a header, each with its events."""


def panic_events(thread: bytes) -> tuple[str, ...]:
    """Return the events that the panic of a thread stands for, given its name."""
    return ("panic", {b"main": "panic_main", b"Timer thread": "panic_timer"}.get(thread, "panic_other"))
