"""Drills that differ only in a few words."""

from nundb_devserver import FAULTS
from nundb_exporter.monitoring.rule import Alert

from .breaks import Break, hung_replica, of_devserver
from .drill import UNACKNOWLEDGED, Drill

HANGING_SECONDS = 75.0
FEW = 2


def fault(
    name: str,
    *fires: Alert,
    may_fire: tuple[Alert, ...] = (),
    about: str = "",
    run: Break | None = None,
) -> Drill:
    """A drill of one of the devserver's faults, at the node where it shows best."""
    return Drill(
        name=name,
        about=about or FAULTS[name].description,
        fires=fires,
        may_fire=may_fire,
        run=run or of_devserver(name),
    )


def hung(per_second: int, *fires: Alert) -> Drill:
    """A drill of a replica that hangs under load, for longer than it takes until its operations are not listed.

    At a slower pace they are listed for longer, and become old enough for other alerts to be true as well.
    """
    return Drill(
        name="hung-replica" if per_second == FEW else f"hung-replica, {per_second} a second",
        about=f"A replica stops acknowledging and still serves clients, at {per_second} writes a second.",
        fires=fires,
        may_fire=UNACKNOWLEDGED,
        run=hung_replica(per_second),
        lasts_seconds=HANGING_SECONDS,
    )
