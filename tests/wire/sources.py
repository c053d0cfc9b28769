"""Local sources, which read in threads of their own: started and stopped, and what they show."""

import contextlib
from collections.abc import Iterator
from typing import Protocol, TypeVar

from nundb_exporter.sources import Source, Sources


class Reading(Source, Protocol):
    """A source that reads until it is stopped."""

    def start(self) -> None:
        """Begin to read."""

    def stop(self) -> None:
        """End."""


R = TypeVar("R", bound=Reading)


@contextlib.contextmanager
def started(source: R) -> Iterator[R]:
    """Let a source read until the end of the block."""
    source.start()
    try:
        yield source
    finally:
        source.stop()


def value(source: Source, name: str, *labels: str) -> float | None:
    """Return what the source shows of a series."""
    shown = {(sample.family.name, *sample.labels): sample.value for sample in Sources([source]).samples()}
    return shown.get((name, *labels))
