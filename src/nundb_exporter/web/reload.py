"""Settings that are read again: POST /-/reload, and SIGHUP. All of them or none."""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from nundb_exporter.errors import ConfigError
from nundb_exporter.http_server import Request, Response
from nundb_exporter.metrics import CONFIG_RELOAD_SUCCESSFUL, CONFIG_RELOAD_TIME, Sample

_LOGGER: Final = logging.getLogger(__name__)


class Reload:
    """Reads the settings again when it is asked to, and remembers how that went.

    `apply` reads them and puts all of them to use, or raises ConfigError and changes nothing.
    """

    def __init__(self, apply: Callable[[], None], clock: Callable[[], float] = time.time) -> None:
        self._apply = apply
        self._clock = clock
        self._has_succeeded = True
        self._succeeded_at = clock()

    def run(self, asked_by: str) -> list[str]:
        """Read the settings again; return what is wrong with them, one line each, if the last good ones stay in use."""
        _LOGGER.info("%s: reading the settings again", asked_by)
        try:
            self._apply()
        except ConfigError as error:
            self._has_succeeded = False
            faults = str(error).splitlines()
            for fault in faults:
                _LOGGER.error("%s. The last good settings stay in use", fault)  # noqa: TRY400 - a setting, not a defect
            return faults
        self._has_succeeded = True
        self._succeeded_at = self._clock()
        _LOGGER.info("%s: the settings are in use", asked_by)
        return []

    def page(self, _: Request) -> Response:
        """Read the settings again, and say how that went."""
        faults = self.run("POST /-/reload")
        if faults:
            text = "\n".join(["The settings cannot be used; the last good ones stay in use.", *faults, ""])
            return Response.of_text(text, HTTPStatus.INTERNAL_SERVER_ERROR)
        return Response.of_text("The settings are in use.\n")

    def samples(self) -> list[Sample]:
        """Return whether the last attempt succeeded, and when one did last; the start counts as one."""
        return [CONFIG_RELOAD_SUCCESSFUL.sample(self._has_succeeded), CONFIG_RELOAD_TIME.sample(self._succeeded_at)]
