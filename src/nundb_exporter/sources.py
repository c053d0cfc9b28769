"""Local sources: metrics that no question to the node can tell, such as its log, its files, its host.

A source stands beside the node's collectors: its families appear on the metrics page of a node while the source is on,
whether or not the node answers. Of several nodes one that is `Placed` stands beside its own; the others appear on the
page of the exporter itself. It reads in its own time (a thread, a task, or a little at each scrape) and hands out
what it knows at once: `samples` is called on the event loop and must neither wait nor read much.
"""

import logging
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, Protocol, runtime_checkable

from nundb_exporter.config.settings import Target
from nundb_exporter.errors import NundbExporterError
from nundb_exporter.metrics import COLLECTOR_DURATION, COLLECTOR_SUCCESS, Sample, Subject
from nundb_exporter.results import CollectorResult, Scrape
from nundb_exporter.system_errors import cause_of

_LOGGER: Final = logging.getLogger(__name__)


class Source(Protocol):
    """Something local that gives samples. Who makes it also starts and stops it."""

    @property
    def subject(self) -> Subject:
        """Its name, families and panels; the same object for all sources of a kind."""

    def samples(self) -> Iterable[Sample]:
        """Yield what is known now, without waiting for anything.

        Raises:
            NundbExporterError, OSError: the source cannot be read; what was yielded before is kept.
        """


class LocalSource(Source, Protocol):
    """A source that works by itself between start and stop."""

    def start(self) -> None:
        """Begin, in the running event loop."""

    def stop(self) -> None:
        """End, and let go of what is open."""


@runtime_checkable
class Placed(Protocol):
    """A source that knows beside which of several nodes it stands, which a reload may change."""

    @property
    def node(self) -> Target | None:
        """None: beside none of them."""


class Sources:
    """Local sources that are read together. A failure or a defect of one does not affect the others."""

    def __init__(self, sources: Sequence[Source] = (), are_of: Callable[[Source], bool] = lambda _: True) -> None:
        self._sources = tuple(sources)
        self._are_of = are_of
        self._failures: dict[str, str] = {}
        """By the source's name, as logged last: one that goes on failing must not fill the disk."""

    def beside(self, node: Target) -> "Sources":
        """Return those that stand beside one of several nodes."""
        return Sources(
            self._sources,
            lambda source: (
                isinstance(source, Placed) and source.node is not None and source.node.endpoint == node.endpoint
            ),
        )

    def apart(self) -> "Sources":
        """Return those that stand beside none of several nodes."""
        return Sources(self._sources, lambda source: not isinstance(source, Placed))

    def samples(self) -> list[Sample]:
        """Return the samples of all sources, each with its duration and success as a collector has them."""
        return self._read()[0]

    def joined(self, scrape: Scrape) -> Scrape:
        """Return the scrape of the node with what the sources tell now, as further samples and collectors."""
        samples, results = self._read()
        if not results:
            return scrape
        return replace(scrape, samples=[*scrape.samples, *samples], collectors={**scrape.collectors, **results})

    def _read(self) -> tuple[list[Sample], dict[str, CollectorResult]]:
        samples: list[Sample] = []
        results = {}
        for source in filter(self._are_of, self._sources):
            name = source.subject.name
            begun = time.perf_counter()
            failure = _take(source, samples)
            seconds = time.perf_counter() - begun
            results[name] = CollectorResult(seconds, None if failure is None else failure.partition("\n")[0])
            self._log_change(name, failure)
            samples += (COLLECTOR_DURATION.sample(seconds, name), COLLECTOR_SUCCESS.sample(failure is None, name))
        return samples, results

    def _log_change(self, name: str, failure: str | None) -> None:
        if failure == self._failures.get(name):
            return
        if failure is None:
            del self._failures[name]
            _LOGGER.info("collector %s recovered", name)
        else:
            self._failures[name] = failure
            _LOGGER.warning("collector %s failed: %s", name, failure)


def _take(source: Source, samples: list[Sample]) -> str | None:
    """Add what the source tells to `samples`, and return why it failed, if it did; a defect with its traceback."""
    try:
        samples.extend(source.samples())  # one by one: those before a failure stay
    except NundbExporterError as error:
        return str(error)
    except OSError as error:
        return cause_of(error)
    except Exception as error:  # noqa: BLE001 - a defect must not affect the node's metrics
        # Without the error's text, which may repeat what the source has read.
        return f"defect: {type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
    return None
