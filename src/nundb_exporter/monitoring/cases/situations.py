"""Situations that several cases begin with."""

from dataclasses import replace
from typing import Final

from nundb_exporter.collectors import acting_role, cluster, databases, pending, process
from nundb_exporter.metrics import COLLECTOR_SUCCESS, REASONS, SCRAPE_FAILURE, UP
from nundb_exporter.monitoring.cases.case import Series, of
from nundb_exporter.monitoring.cases.values import Values, absent, held

A: Final = "10.0.0.1:3014"
B: Final = "10.0.0.2:3014"
C: Final = "10.0.0.3:3014"
AGREED: Final = {A: "primary", B: "secondary", C: "secondary"}
PAIR: Final = {A: "primary", B: "secondary"}
_FROM_THE_BEGINNING: Final = held(0)
_NONE: Final = held(0)
_NEVER: Final = absent()


def failing(reason: str, failures: Values, up: Values, instance: str = "a") -> Series:
    """Scrapes of a node that fail for one reason."""
    each = {each: failures if each == reason else held(0) for each in REASONS}
    reasons = (of(SCRAPE_FAILURE, values, instance, reason=reason) for reason, values in each.items())
    return merged(of(UP, up, instance), *reasons)


def listing(instance: str, own: str, roles: dict[str, str]) -> Series:
    """A node that answers, its own name, and the role of each member in its list."""
    return merged(
        of(UP, held(1), instance),
        of(COLLECTOR_SUCCESS, held(1), instance, collector=cluster.COLLECTOR.name),
        *(of(cluster.MEMBER, held(1), instance, member=member, role=role) for member, role in roles.items()),
        *(of(cluster.CONNECTED, held(1), instance, member=member) for member in roles if member != own),
        *(of(cluster.ROLE, held(role == roles[own]), instance, role=role) for role in cluster.ROLES),
    )


def listed(instance: str, member: str, role: str, values: Values) -> Series:
    """A member in the list of a node, in that role."""
    return of(cluster.MEMBER, values, instance, member=member, role=role)


def primary(instance: str, values: Values) -> Series:
    """Whether a node lists itself as primary."""
    return of(cluster.ROLE, values, instance, role="primary")


def acting(instance: str, values: Values) -> Series:
    """Whether a node acts as primary."""
    return of(acting_role.ACTING_PRIMARY, values, instance)


def owing(
    count: Values,
    overdue: Values = _NONE,
    newest: Values = _NEVER,
    *,
    starts: Values = _FROM_THE_BEGINNING,
    about: str = "data",
) -> Series:
    """A cluster of A and B, in which B owes A acknowledgements; B has started at `starts`."""
    return merged(
        listing("a", A, PAIR),
        listing("b", B, PAIR),
        of(process.START_TIME, held(0), "a"),
        of(process.START_TIME, starts, "b"),
        of(pending.UNACKNOWLEDGED, count, member=B),
        owing_long(overdue, newest, about),
    )


def owing_long(overdue: Values, newest: Values, about: str = "data") -> Series:
    """What B should have acknowledged to A, and the time of the newest of it."""
    nothing = tuple(replace(each, start=None if each.start is None else 0, per_second=0) for each in overdue)
    return merged(
        *(of(pending.OVERDUE, overdue if each == about else nothing, member=B, about=each) for each in pending.ABOUT),
        of(pending.NEWEST_OVERDUE, newest, member=B),
    )


def holding(instance: str, **strategies: str) -> Series:
    """A node and its databases, each with its strategy."""
    held_databases = {"$admin": "newer", **strategies}
    return merged(
        *(
            of(databases.INFO, held(1), instance, database=database, strategy=strategy)
            for database, strategy in held_databases.items()
        )
    )


def merged(*series: Series) -> Series:
    """All of these series; of one that is given twice, the last."""
    return {name: values for some in series for name, values in some.items()}


HEALTHY: Final = merged(listing("a", A, AGREED), listing("b", B, AGREED), listing("c", C, AGREED))
