"""/slow: the slowest commands of the log, and the verbs and keys that took most time. Only where a log is read."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.http_server import Request, Response
from nundb_exporter.log.slow_report import COMMAND_HEADINGS, GROUP_HEADINGS, command_row, group_row, to_json
from nundb_exporter.log.source import LogSource
from nundb_exporter.sources import Source
from nundb_exporter.table import aligned

_JSON: Final = "application/json"
_MOST: Final = 10
"""Of each, as `nundb-exporter slow` lists."""


class SlowPage:
    """Answers /slow from one log."""

    def __init__(self, log: LogSource) -> None:
        self._log = log

    def page(self, request: Request) -> Response:
        """Return both lists: as JSON where that is asked for, else as tables of text."""
        commands, groups = self._log.slowest_commands(_MOST), self._log.slowest_groups(_MOST)
        headers = {"Vary": "Accept"}
        if _JSON in request.headers.get("accept", ""):
            return Response(200, to_json(commands, groups).encode(), {"Content-Type": _JSON, **headers})
        if not commands:
            return Response.of_text("The log has no commands.\n", headers=headers)
        tables = (
            (COMMAND_HEADINGS, *map(command_row, commands)),
            (),
            (GROUP_HEADINGS, *map(group_row, groups)),
        )
        lines = (line for table in tables for line in (aligned(list(table), gap=2) if table else [""]))
        return Response.of_text("".join(f"{line}\n" for line in lines), headers=headers)


def slow_page(sources: Iterable[Source]) -> SlowPage | None:
    """Return the page of the log that is among the sources; None if there is none."""
    return next((SlowPage(source) for source in sources if isinstance(source, LogSource)), None)
