"""The canary as a local source: a task that writes once an interval, whether or not anybody scrapes."""

import asyncio
import logging
import traceback
from collections.abc import Iterator
from typing import Final

from nundb_exporter.canary import families
from nundb_exporter.canary.beat import Canary
from nundb_exporter.canary.failed import FailedError
from nundb_exporter.canary.tally import Tally
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Target
from nundb_exporter.metrics import Sample, Subject

_LOGGER: Final = logging.getLogger(__name__)


class CanarySource:
    """Runs one canary, beside the first node that has one: it finds the other members by itself."""

    subject: Subject = families.SUBJECT

    def __init__(self, fleet: Fleet) -> None:
        self.node = _first(fleet)
        self._tally = Tally()
        self._canary: Canary | None = None
        self._task: asyncio.Task[None] | None = None
        self._failure = ""
        """Why the last round failed, as logged: one that goes on failing must not fill the disk."""

    def start(self) -> None:
        """Begin, in the running event loop."""
        if self.node is not None and self.node.module.canary is not None:
            settings = self.node.module.canary
            self._canary = Canary(self.node, settings, self._tally)
            self._task = asyncio.get_running_loop().create_task(self._run(self._canary, settings.interval_seconds))

    def stop(self) -> None:
        """End, and close all connections. What was written stays: `nundb-exporter canary remove` removes it."""
        if self._task is not None:
            self._task.cancel()
        if self._canary is not None:
            self._canary.close()

    def replace(self, fleet: Fleet) -> None:
        """Go on as another configuration says, which may be not at all."""
        node = _first(fleet)
        if node != self.node:
            self.stop()
            self.node, self._tally, self._failure = node, Tally(), ""
            self.start()

    def samples(self) -> Iterator[Sample]:
        """See Source."""
        yield from self._tally.samples()

    async def _run(self, canary: Canary, interval_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._round(canary)
            due = max(due + interval_seconds, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _round(self, canary: Canary) -> None:
        failure = ""
        try:
            await canary.round()
            if canary.braked is not None:
                failure = f"the canary has stopped: {canary.braked}"
        except FailedError as error:
            failure = f"the canary cannot write: {error}"
        except Exception as error:  # noqa: BLE001 - a defect must not end the canary
            # Without the error's text, which may repeat what a member has said.
            trace = "".join(traceback.format_tb(error.__traceback__))
            failure = f"the canary has a defect: {type(error).__name__}\n{trace}"
        if failure != self._failure:
            self._failure = failure
            if failure:
                _LOGGER.warning("%s", failure)
            else:
                _LOGGER.info("the canary writes again")


def _first(fleet: Fleet) -> Target | None:
    return next((node for node in fleet.nodes if node.module.canary is not None), None)
