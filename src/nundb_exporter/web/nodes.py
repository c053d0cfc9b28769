"""Everything that may be asked: the configured nodes, which are kept as long as the exporter runs, and what else is."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from nundb_exporter.client import open_transport
from nundb_exporter.client.caution import Caution
from nundb_exporter.client.route import Route
from nundb_exporter.client.transport import Transport
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Target, Web
from nundb_exporter.failure_log import FailureLog
from nundb_exporter.scrape import Scraper, failure_log
from nundb_exporter.sources import Sources
from nundb_exporter.web.kept import KeptNodes
from nundb_exporter.web.scraped import ScrapedNode, Tally
from nundb_exporter.web.selection import Selection, configured

MakeScraper: TypeAlias = Callable[[Target, Route], Scraper]

_MOST_REMEMBERED: Final = 8192
"""Nodes of which is known what must outlive the connections to them: many more than are kept."""


class Nodes:
    """The nodes of a fleet, and what its list allows besides.

    `sources` tell of the node if it is the only one; of several, the placed ones do. `make` replaces how it is asked.

    Raises:
        ConfigError: a file of the TLS settings of a configured node is unusable.
    """

    def __init__(
        self, fleet: Fleet, settings: Web, sources: Sources | None = None, make: MakeScraper | None = None
    ) -> None:
        self.fleet = fleet
        self.settings = settings
        self._sources = sources or Sources()
        self.sources_apart = self._sources.apart()
        """Those that tell of none of several nodes."""
        self.tally = Tally()
        self._make = make or self._scraper
        self._cautions = lru_cache(_MOST_REMEMBERED)(lambda _: Caution())
        self._failure_logs = lru_cache(_MOST_REMEMBERED)(lambda key: failure_log(key[0]))
        self._kept = KeptNodes()
        self.configured = self._configured(fleet)
        """In the order of the configuration."""
        self._retiring: set[asyncio.Task[None]] = set()

    def replace(self, fleet: Fleet) -> None:
        """Ask the nodes of another fleet from now on. Scrapes in progress end with the settings that they began with.

        Raises:
            ConfigError: a file of the TLS settings of a configured node is unusable; nothing has changed.
        """
        new = self._configured(fleet)
        for node in (*self.configured, *self._kept.give_up()):
            task = asyncio.create_task(node.retire())
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)
        self.fleet, self.configured = fleet, new

    @property
    def single(self) -> ScrapedNode | None:
        """The only configured node; None if there are several, or none."""
        return self.configured[0] if len(self.configured) == 1 else None

    def get(self, selection: Selection) -> ScrapedNode:
        """Return a node that was selected, to be asked at once.

        Raises:
            ConfigError: a file of its TLS settings is unusable.
        """
        for node in self.configured:
            if node.scraper.target is selection.target:  # its very object; comparing 500 takes 0.25 ms
                return node
        return self._kept.get(selection.key, lambda: self._new(selection))

    def failure_log(self, selection: Selection) -> FailureLog:
        """Return what the log has told of a node, for whoever asks it next: what has not changed is not told again."""
        return self._failure_logs(selection.key)

    def transport(self, target: Target, route: Route) -> Transport:
        """Return another transport to a node. A node that breaks at what it is asked is spared by all of them.

        Raises:
            ConfigError: a file of the TLS settings is unusable.
        """
        module = target.module
        return open_transport(target.endpoint, module.tls, module.ports, route, self._cautions(target.endpoint))

    def _scraper(self, target: Target, route: Route) -> Scraper:
        return Scraper(target, self.transport(target, route), route=route)

    def _configured(self, fleet: Fleet) -> tuple[ScrapedNode, ...]:
        own = (lambda _: self._sources) if len(fleet.nodes) == 1 else self._sources.beside
        return tuple(self._new(configured(fleet, node), own(node)) for node in fleet.nodes)

    def _new(self, selection: Selection, sources: Sources | None = None) -> ScrapedNode:
        scraper = self._make(selection.target, selection.route)
        scraper.failure_log = self.failure_log(selection)
        return ScrapedNode(scraper, self.settings, self.tally, sources, module=selection.module, query=selection.query)

    async def close(self) -> None:
        """Close all connections."""
        await self._kept.close()
        for node in self.configured:
            await node.close()
        await asyncio.gather(*self._retiring)
