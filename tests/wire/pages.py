"""A client that reads the pages of an exporter."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from .waiting import PATIENCE_SECONDS

TIMEOUT_HEADER: Final = "X-Prometheus-Scrape-Timeout-Seconds"


@dataclass(frozen=True)
class Page:
    """An answer of the exporter."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body, as text."""
        return self.body.decode()

    @property
    def samples(self) -> dict[tuple[str, ...], float]:
        """Each sample's value by its name and the values of its labels, in the order of their names."""
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    @property
    def is_up(self) -> bool:
        """Whether the page says that the node is up, and no reason why not."""
        assert self.status == 200
        return self.samples["nundb_up",] == 1 and not self.reasons

    @property
    def reasons(self) -> list[str]:
        """The reasons that the page gives for a failure."""
        return [key[1] for key, value in self.samples.items() if key[0] == "nundb_scrape_failure" and value]

    @property
    def failed_collectors(self) -> set[str]:
        """The collectors that the page says have failed."""
        return {
            key[1] for key, value in self.samples.items() if key[0] == "nundb_scrape_collector_success" and not value
        }

    @property
    def node_families(self) -> set[str]:
        """The names of the families that only an answer of the node can give."""
        own = ("nundb_up", "nundb_scrape_", "nundb_exporter_", "process_", "python_")
        return {key[0] for key in self.samples if not key[0].startswith(own)}


async def fetch(
    url: str, *, timeout_header: str | None = None, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Page:
    """Ask for a page, on a connection of its own; compressed bodies stay as they are."""
    own = {"Accept-Encoding": "identity", **({TIMEOUT_HEADER: timeout_header} if timeout_header else {})}
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)) as session,
        session.request(method, url, headers={**own, **(headers or {})}) as response,
    ):
        return Page(response.status, response.headers, await response.read())
