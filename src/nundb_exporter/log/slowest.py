"""The slowest commands of the last minutes, and the groups of commands that took most time, in bounded memory.

The single commands are exact. A group is a verb with a key. Its numbers are exact as long as there are fewer than a
thousand groups; beyond, those are dropped, batch by batch, that took less than a thousandth of the batch's time: a
group with a larger share of all time is always there, with nearly all of its commands.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from nundb_exporter.log.durations import Durations
from nundb_exporter.log.records import Requests
from nundb_exporter.log.threads import Databases
from nundb_exporter.log.times import since_epoch
from nundb_exporter.log.verbs import Command, readable

WINDOW_MINUTES: Final = 10
_PANES: Final = 5
"""The window moves on by one pane at once."""
_PANE_SECONDS: Final = WINDOW_MINUTES * 60 // _PANES
_KEPT_COMMANDS: Final = 100
"""In each pane."""
_MAX_GROUPS: Final = 1000


class SlowCommand(NamedTuple):
    """One command; nothing of its value."""

    seconds: float
    time: str
    verb: str
    database: str | None
    """None if the log does not tell."""
    key: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """All commands with one verb and key."""

    verb: str
    database: str | None
    """Only of verbs that name it."""
    key: str | None
    count: int
    seconds: float
    """The sum."""
    p50: float
    p99: float
    """Quantiles are exact to an eighth."""


class _Pane:
    """A part of the window."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.commands: list[tuple[float, bytes, bytes, str]] = []
        """A heap: seconds, time, start, and the database or an empty text."""
        self.groups: dict[bytes, Durations] = {}
        """By the start of their commands."""

    def least(self) -> float:
        """Return the seconds that a command must exceed to be one of the slowest."""
        return self.commands[0][0] if len(self.commands) >= _KEPT_COMMANDS else -1.0

    def add_command(self, seconds: float, time: bytes, start: bytes, database: str) -> None:
        keep = heapq.heappush if len(self.commands) < _KEPT_COMMANDS else heapq.heappushpop
        keep(self.commands, (seconds, time, start, database))

    def add_group(self, start: bytes, durations: Durations) -> None:
        self.groups.setdefault(start, Durations()).merge(durations)
        if len(self.groups) > 2 * _MAX_GROUPS:
            self.groups = dict(heapq.nlargest(_MAX_GROUPS, self.groups.items(), key=lambda item: item[1].seconds))


def least_seconds(batch: Mapping[bytes, list[float]]) -> float:
    """Return how much time commands with the same start must have taken to become a group."""
    return sum(map(sum, batch.values())) / _MAX_GROUPS if len(batch) > _MAX_GROUPS else 0.0


class Slowest:
    """The slowest commands and the heaviest groups of the window, which ends with the newest request."""

    def __init__(self) -> None:
        self._panes = deque([_Pane(0)])

    def add_commands(self, requests: Requests, begin: int, end: int, databases: Databases) -> None:
        """Look at the requests at these positions, which are of one minute, and let `databases` follow them."""
        pane = self._pane(requests.times[begin])
        followed = begin
        if max(requests.seconds[begin:end]) > pane.least():
            for position in range(begin, end):
                seconds = requests.seconds[position]
                if seconds > pane.least():
                    databases.follow(requests, followed, position)
                    followed = position
                    database = databases.of(requests.threads[position]) or ""
                    pane.add_command(seconds, requests.times[position], requests.starts[position], database)
        databases.follow(requests, followed, end)

    def add_group(self, start: bytes, durations: Durations) -> None:
        """Add commands that begin with `start` to the newest part of the window."""
        self._panes[-1].add_group(start, durations)

    def is_new_part(self, time: bytes) -> bool:
        """Whether the window moves on with a request of that time."""
        return _number(time) > self._panes[-1].number

    def _pane(self, time: bytes) -> _Pane:
        """Return the pane of a time; one before the newest pane, as after a clock was set back, belongs to that."""
        number = _number(time)
        if number > self._panes[-1].number:
            while self._panes and self._panes[0].number <= number - _PANES:
                self._panes.popleft()
            self._panes.append(_Pane(number))
        return self._panes[-1]

    def commands(self, count: int, keys: str) -> list[SlowCommand]:
        """Return the slowest commands, the slowest first; `keys` is how keys are shown."""
        entries = heapq.nlargest(count, (entry for pane in self._panes for entry in pane.commands))
        return [_slow_command(*entry, keys) for entry in entries]

    def groups(self, count: int, keys: str) -> list[Group]:
        """Return the groups that took most time, the heaviest first; without keys, only verbs are groups."""
        merged: defaultdict[Command, Durations] = defaultdict(Durations)
        for pane in self._panes:
            for start, durations in pane.groups.items():
                merged[readable(start, keys)].merge(durations)
        heaviest = heapq.nlargest(count, merged.items(), key=lambda item: item[1].seconds)
        return [
            Group(*command, all_.count, all_.seconds, all_.quantile(0.5), all_.quantile(0.99))
            for command, all_ in heaviest
        ]


def _number(time: bytes) -> int:
    return int((since_epoch(time) or 0) // _PANE_SECONDS)


def _slow_command(seconds: float, time: bytes, start: bytes, database: str, keys: str) -> SlowCommand:
    command = readable(start, keys)
    return SlowCommand(seconds, time.decode(), command.verb, command.database or database or None, command.key)
