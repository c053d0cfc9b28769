"""The data directory as a local source: a thread looks at it, and a page gets what the last look has shown."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nundb_exporter.errors import NundbExporterError
from nundb_exporter.files import families
from nundb_exporter.files.conditions import Look
from nundb_exporter.files.samples import samples
from nundb_exporter.files.watch import APART_SECONDS, Watch
from nundb_exporter.metrics import Sample, Subject
from nundb_exporter.quantities import age

_LOOK_SECONDS: Final = 5.0
"""Between two looks; less while there is more to read or to confirm."""
_BUDGET_BYTES: Final = 2 * 1024 * 1024
"""Of the operation log and of keys at one look: a tenth of a second's work, and none once everything is read."""
_PATIENCE_SECONDS: Final = 60.0
"""A look that takes longer: the disk hangs, and what was seen before is not true any more."""
_JOIN_SECONDS: Final = 2.0


class FilesSource:
    """Watches one data directory."""

    subject: Subject = families.SUBJECT

    def __init__(self, path: Path) -> None:
        self._watch = Watch(path)
        self._lock = threading.Lock()
        self._samples: tuple[Sample, ...] = ()
        self._failure: OSError | None = None
        self._looked_at = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nundb-files", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._looked_at = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Stop."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    def samples(self) -> Iterator[Sample]:
        """See Source."""
        with self._lock:
            samples, failure, looked_at = self._samples, self._failure, self._looked_at
        if failure is not None:
            raise failure
        silence = time.monotonic() - looked_at
        if silence > _PATIENCE_SECONDS:
            raise NundbExporterError(f"the data directory has not answered for {age(silence)}")
        yield from samples

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            try:
                look = self._watch.look(time.monotonic(), _BUDGET_BYTES)
            except OSError as error:
                self._note((), error)
                pause = _LOOK_SECONDS
            else:
                self._note(tuple(samples(look)), None)
                pause = _pause(look)

    def _note(self, samples: tuple[Sample, ...], failure: OSError | None) -> None:
        with self._lock:
            self._samples, self._failure, self._looked_at = samples, failure, time.monotonic()


def _pause(look: Look) -> float:
    return APART_SECONDS if look.doubtful or look.contents.unread_bytes else _LOOK_SECONDS
