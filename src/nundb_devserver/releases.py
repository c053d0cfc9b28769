"""How servers of several times differ, as plain data (protocol notes 2.2, 5.3, 5.4, 6.6).

The current release is checked against recordings of a real server. Of the older ones there is no recording: they rest
on the protocol notes alone, which were read from the source of those times. The exporter's parsers were written from
the same notes, so that the two cannot catch each other in a misreading.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

CURRENT: Final = "current"

_METRICS_STATE: Final = "metrics-state"
_OPLOG_STATE: Final = "oplog-state"
_PENDING: Final = "pending-ops"
_DATABASES: Final = "list-dbs"
_PROCESS: Final = "process-info"


class Metrics(Enum):
    """What the monitoring command shows."""

    PENDING_ONLY = auto()
    """The number of pending operations."""
    OPLOG_ONLY = auto()
    """And the size of the operation log."""
    ALL = auto()
    """And the two averages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A server of some time: what it understood, and how it printed."""

    about: str
    metrics_word: str = _METRICS_STATE
    """The monitoring command; other words for it were unknown."""
    metrics_title: str = _METRICS_STATE
    """The first word of its reply."""
    metrics: Metrics = Metrics.ALL
    has_exponents: bool = True
    """Whether very large and very small averages are printed with an exponent."""
    shows_connections: bool = True
    """Whether cluster-state says `(self)`, `(Connected)` and `(Disconnected)`."""
    shows_servers: bool = True
    """Whether debug pending-ops says which servers have acknowledged."""
    lists_commands: bool = True
    """Whether list-commands was known."""
    debug_reports: frozenset[str] = frozenset({_PENDING, _DATABASES, _PROCESS})
    """The reports of `debug`, which was unknown where there are none."""

    def understands(self, word: str) -> bool:
        """Tell whether a command of today was known."""
        return not (
            (word == _METRICS_STATE and word != self.metrics_word)
            or (word == "list-commands" and not self.lists_commands)
            or (word == "debug" and not self.debug_reports)
        )


RELEASES: Final[Mapping[str, Release]] = {
    "2021-10": Release(
        about="oplog-state with the pending operations alone",
        metrics_word=_OPLOG_STATE,
        metrics_title=_OPLOG_STATE,
        metrics=Metrics.PENDING_ONLY,
        has_exponents=False,
        shows_connections=False,
        lists_commands=False,
        debug_reports=frozenset(),
    ),
    "2021-11": Release(
        about="oplog-state without averages",
        metrics_word=_OPLOG_STATE,
        metrics_title=_OPLOG_STATE,
        metrics=Metrics.OPLOG_ONLY,
        has_exponents=False,
        shows_connections=False,
        lists_commands=False,
        debug_reports=frozenset(),
    ),
    "2021-12": Release(
        about="metrics-state that still answers oplog-state, with five numbers and never an exponent",
        metrics_title=_OPLOG_STATE,
        has_exponents=False,
        shows_connections=False,
        lists_commands=False,
        debug_reports=frozenset(),
    ),
    "2022-01": Release(
        about="metrics-state as today; debug pending-ops, without the servers",
        has_exponents=False,
        shows_connections=False,
        shows_servers=False,
        lists_commands=False,
        debug_reports=frozenset({_PENDING}),
    ),
    "2023-10": Release(
        about="everything but process-info and the (self), (Connected) and (Disconnected) of cluster-state",
        shows_connections=False,
        debug_reports=frozenset({_PENDING, _DATABASES}),
    ),
    CURRENT: Release(about="as commit ca22706 of 2026-03-07"),
}
"""The servers that a node can be made to be, oldest first."""
