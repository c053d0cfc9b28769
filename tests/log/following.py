"""Reads what the tests write, as the exporter does."""

from pathlib import Path

from nundb_exporter.log import places
from nundb_exporter.log.follow import FileFollower
from nundb_exporter.log.inputs import Directory
from nundb_exporter.log.reader import Reader
from nundb_exporter.log.tally import Tally


def poll(follower: FileFollower | Directory) -> None:
    """Read all that there is."""
    while follower.poll():
        pass


def following(path: Path, place: places.Place | None = None, *, from_start: bool = True) -> tuple[FileFollower, Tally]:
    """Return a follower, and where it counts."""
    tally = Tally()
    return FileFollower(path, Reader("auto", tally), from_start=from_start, place=place), tally
