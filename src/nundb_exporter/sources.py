"""Local sources: metrics that no question to the node can tell, such as its log, its files, its host.

A source stands beside the node's collectors: its families appear on the metrics page of a node while the source is on,
whether or not the node answers. It reads in its own time (a thread, a task, or a little at each scrape) and hands out
what it knows at once: `samples` is called on the event loop and must neither wait nor read much.
"""

import logging
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from nundb_exporter.errors import NundbExporterError
from nundb_exporter.metrics import COLLECTOR_DURATION, COLLECTOR_SUCCESS, Sample, Subject
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


class Sources:
    """All local sources of one node, read together. A failure or a defect of one does not affect the others."""

    def __init__(self, sources: Sequence[Source] = ()) -> None:
        self._sources = tuple(sources)
        self._failures: dict[str, str] = {}
        """By the source's name, as logged last: one that goes on failing must not fill the disk."""

    def samples(self) -> list[Sample]:
        """Return the samples of all sources, each with its duration and success as a collector has them."""
        return [sample for source in self._sources for sample in self._read(source)]

    def _read(self, source: Source) -> Iterator[Sample]:
        name = source.subject.name
        begun = time.perf_counter()
        failure = None
        try:
            yield from source.samples()
        except NundbExporterError as error:
            failure = str(error)
        except OSError as error:
            failure = cause_of(error)
        except Exception as error:  # noqa: BLE001 - a defect must not affect the node's metrics
            # Without the error's text, which may repeat what the source has read.
            failure = f"defect: {type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
        self._log_change(name, failure)
        yield COLLECTOR_DURATION.sample(time.perf_counter() - begun, name)
        yield COLLECTOR_SUCCESS.sample(failure is None, name)

    def _log_change(self, name: str, failure: str | None) -> None:
        if failure == self._failures.get(name):
            return
        if failure is None:
            del self._failures[name]
            _LOGGER.info("collector %s recovered", name)
        else:
            self._failures[name] = failure
            _LOGGER.warning("collector %s failed: %s", name, failure)
