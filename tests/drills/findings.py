"""What `nundb-exporter check` and the landing page find, asked as a user asks them."""

from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from nundb_exporter.credentials import Credentials, DatabaseAccess
from nundb_exporter.problems.catalog import PROBLEMS

from .pace import Pace
from .program import configuration, printed

TIMEOUT_OFFSET_SECONDS = 0.25
"""What an exporter leaves of the timeout for its answer: `check` and the pages are to judge what the alerts judge."""
PAGE_SECONDS = 30.0
ALERTING = frozenset(problem.name for problem in PROBLEMS if problem.has_alert)
"""Problems that fire an alert, too. Other information says only what is not known."""


class Check:
    """The command, with the collectors of the exporters and the databases' tokens."""

    def __init__(
        self,
        urls: Iterable[str],
        administrator: Credentials,
        databases: Iterable[DatabaseAccess],
        directory: Path,
        *,
        collectors: Iterable[str],
        scrape_seconds: float,
    ) -> None:
        directory.mkdir()
        self._administrator = administrator
        self._arguments = (
            *("check", "--json", "--timeout", f"{scrape_seconds - TIMEOUT_OFFSET_SECONDS:g}"),
            *("--config.file", str(configuration(directory, databases, collectors=list(collectors)))),
            "--collector.host",
            *urls,
        )

    async def findings(self) -> set[str]:
        """Run it, and return the names of the problems that it finds.

        Raises:
            ValueError: it printed no report.
        """
        return _problems(await printed(self._administrator, *self._arguments))


async def found_by_pages(addresses: Iterable[str], pace: Pace) -> set[str]:
    """Return the names of the problems on the landing pages of these exporters: each page has its own node's."""
    found: set[str] = set()
    timeout = aiohttp.ClientTimeout(total=pace.stretched(PAGE_SECONDS))
    headers = {"X-Prometheus-Scrape-Timeout-Seconds": f"{pace.scrape_seconds:g}"}
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session:
        for address in addresses:
            async with session.get(f"http://{address}/report") as response:
                if response.status == HTTPStatus.OK:
                    found |= _problems(await response.json())
    return found


def _problems(report: dict[str, Any]) -> set[str]:
    return {each["id"] for each in report["findings"] if each["severity"] != "info" or each["id"] in ALERTING}
