"""The times of log lines."""

from datetime import datetime


def since_epoch(time: bytes) -> float | None:
    """Return the seconds since the epoch of a time as logged; None if it is none, as where two lines ran into one."""
    try:
        return datetime.fromisoformat(time.decode()).timestamp()
    except ValueError:
        return None
