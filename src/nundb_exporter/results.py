"""What one scrape of a node gives, as plain data: for whoever renders it, judges it or prints it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nundb_exporter.errors import TargetError
from nundb_exporter.metrics import Answers, Sample


@dataclass(slots=True)
class CollectorResult:
    """How long one collector took, and why it failed; filled in while the scrape runs."""

    seconds: float = 0.0
    """Time of the collector's own requests and parsing; not of the request that all collectors share."""
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Scrape:
    """The result of one scrape."""

    samples: Sequence[Sample]
    answers: Answers
    collectors: Mapping[str, CollectorResult]
    """By the collector's name; without those that need answers, when the node gave none to read."""
    error: TargetError | None
    """Why the node is not up."""
    seconds: float

    @property
    def failures(self) -> dict[str, str]:
        """Why collectors failed, by their name; without those that did not run because the node is down."""
        return {name: result.failure for name, result in self.collectors.items() if result.failure is not None}
