"""An hour in the life of a healthy cluster: a rolling restart, a failover, a member that is added and removed again.

Nothing of it is wrong, so nothing fires in all that time. Times are seconds after the beginning.
"""

from collections.abc import Callable, Iterable
from itertools import groupby, product
from typing import Final

from nundb_exporter.collectors import acting_role, cluster, oplog, pending, process, replication
from nundb_exporter.errors import Reason
from nundb_exporter.metrics import COLLECTOR_SUCCESS, SCRAPE_FAILURE, UP
from nundb_exporter.monitoring.cases.case import Case, Series, of
from nundb_exporter.monitoring.cases.situations import A, B, C, merged
from nundb_exporter.monitoring.cases.values import INTERVAL_SECONDS, Values, absent, held

Span = tuple[int, int]
Spans = tuple[Span, ...]

_END: Final = 3600
_ALWAYS: Final = ((0, _END),)
_NEVER: Final = ()
_D: Final = "10.0.0.4:3014"
_LIVES: Final[dict[str, Spans]] = {
    A: ((0, 840), (870, _END)),
    B: ((0, 600), (630, 1500), (1545, _END)),
    C: ((0, 720), (750, _END)),
    _D: ((2100, 2700),),
}
"""When each node runs: three restart in turn, the primary last; then the new primary is killed, and starts again."""
_REIGNS: Final[dict[str, Spans]] = {A: ((0, 840),), B: ((855, 1500),), C: ((1515, _END),), _D: _NEVER}
"""When each node is the primary; between two of them lies a scrape in an election."""
_INSTANCES: Final = {A: "a", B: "b", C: "c", _D: "d"}
_WRITES_PER_SECOND: Final = 20


def _page(name: str) -> Series:
    """What the exporter of a node serves; that of the member which is removed goes with it."""
    instance, lives, reigns = _INSTANCES[name], _LIVES[name], _REIGNS[name]
    scraped = lives if name == _D else _ALWAYS
    return merged(
        of("up", _flag(scraped, scraped), instance),
        of(UP, _flag(lives, scraped), instance),
        *(of(SCRAPE_FAILURE, _flag(_failing(name, each), scraped), instance, reason=each) for each in Reason),
        of(COLLECTOR_SUCCESS, _flag(lives, lives), instance, collector=cluster.COLLECTOR.name),
        of(process.START_TIME, _values(lambda at: _start(lives, at)), instance),
        of(replication.PENDING, _flag(_NEVER, lives), instance),
        of(oplog.RECORDS, _values(lambda at: _WRITES_PER_SECOND * at if _is_in(at, lives) else None), instance),
        of(acting_role.ACTING_PRIMARY, _flag(reigns, lives), instance),
        *(of(cluster.ROLE, _flag(_in_role(name, role), lives), instance, role=role) for role in _ROLES),
        *_list(name),
    )


_ROLES: Final = ("primary", "secondary")


def _list(name: str) -> Iterable[Series]:
    """Each member in the node's list while both run, and what it owes."""
    instance = _INSTANCES[name]
    for member in _LIVES:
        both = _common(_LIVES[name], _LIVES[member])
        for role in _ROLES:
            span = _common(both, _in_role(member, role))
            yield of(cluster.MEMBER, _flag(span, span), instance, member=member, role=role)
        if member != name:
            yield of(cluster.CONNECTED, _flag(both, both), instance, member=member)
            yield of(pending.UNACKNOWLEDGED, _flag(_NEVER, both), instance, member=member)
            for about in pending.ABOUT:
                yield of(pending.OVERDUE, _flag(_NEVER, both), instance, member=member, about=about)


def _in_role(name: str, role: str) -> Spans:
    return _REIGNS[name] if role == "primary" else _without(_REIGNS[name])


def _failing(name: str, reason: Reason) -> Spans:
    return _without(_LIVES[name]) if reason is Reason.CONNECT else _NEVER


def _start(lives: Spans, at: int) -> int | None:
    return next((begin for begin, end in lives if begin <= at < end), None)


def _is_in(at: int, spans: Spans) -> bool:
    return any(begin <= at < end for begin, end in spans)


def _without(spans: Spans) -> Spans:
    borders = [0, *(border for span in spans for border in span), _END]
    return tuple((begin, end) for begin, end in zip(borders[::2], borders[1::2], strict=True) if begin < end)


def _common(some: Spans, others: Spans) -> Spans:
    pairs = ((max(one[0], other[0]), min(one[1], other[1])) for one, other in product(some, others))
    return tuple(sorted((begin, end) for begin, end in pairs if begin < end))


def _flag(spans: Spans, known: Spans) -> Values:
    """1 in the one, 0 in the rest of the other, and nothing outside of that."""
    return _values(lambda at: int(_is_in(at, spans)) if _is_in(at, known) else None)


def _values(value: Callable[[int], float | None]) -> Values:
    """Return a series by its value at each scrape."""
    values: Values = ()
    for each, scrapes in groupby(range(0, _END + INTERVAL_SECONDS, INTERVAL_SECONDS), value):
        lasts = f"{INTERVAL_SECONDS * sum(1 for _ in scrapes)}s"
        values += absent(lasts) if each is None else held(each, lasts)
    return values


CASES: Final = (
    Case(
        about="an hour with a rolling restart, a failover, a member added and removed, and nothing wrong",
        series=tuple(map(_page, _LIVES)),
        at="1h",
        is_throughout=True,
    ),
)
