"""/sd: the members of the clusters that the configured nodes belong to, for Prometheus' http_sd.

Each configured node is asked for its list. What it said last is kept: while it does not answer, its members stay, so
that the alert on a node that is down has a target to fire for.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from nundb_exporter.config.allow import parse_target
from nundb_exporter.config.settings import Endpoint
from nundb_exporter.errors import ConfigError, ProtocolError
from nundb_exporter.http_server import Request, Response
from nundb_exporter.metrics import DISCOVERY_AGE, Sample
from nundb_exporter.protocol.commands import CLUSTER_STATE
from nundb_exporter.protocol.fields import Member
from nundb_exporter.results import Scrape
from nundb_exporter.web.nodes import Nodes
from nundb_exporter.web.scraped import ScrapedNode
from nundb_exporter.web.selection import Selection, configured, member

_SECONDS: Final = 3.0
"""For all nodes together. Prometheus waits for an answer as long as its refresh_interval, which is seldom shorter."""


@dataclass(frozen=True, slots=True)
class Found:
    """A node that is listed, as Prometheus should ask it."""

    endpoint: Endpoint
    role: str | None
    """None: nobody has said it yet."""
    seed: Endpoint
    """The configured node that named it, or that it is."""

    def group(self, module: str, *, is_allowed: bool) -> dict[str, object]:
        """Return the entry of http_sd: an address, and what is known of it as labels."""
        labels = {
            "__meta_nundb_allowed": "true" if is_allowed else "false",
            "__meta_nundb_seed": str(self.seed),
            "__meta_nundb_url": str(self.endpoint),
            **({"__meta_nundb_module": module} if module else {}),
            **({"__meta_nundb_role": self.role} if self.role is not None else {}),
        }
        return {"targets": [self.endpoint.authority], "labels": labels}


@dataclass(frozen=True, slots=True)
class View:
    """What a configured node said last."""

    members: tuple[Member, ...]
    at: float
    """When, by a clock that never goes back."""


class Discovery:
    """What the configured nodes say of their clusters, and said last."""

    def __init__(self, nodes: Nodes, clock: Callable[[], float] = time.monotonic) -> None:
        self._nodes = nodes
        self._clock = clock
        self._views: dict[Endpoint, View] = {}

    async def page(self, _: Request) -> Response:
        """Ask all configured nodes, and return what they and the former answers name."""
        import json  # noqa: PLC0415 - no scrape needs it

        await self.refresh()
        modules = {node.endpoint: configured(self._nodes.fleet, node).module for node in self._nodes.fleet.nodes}
        allowed = {*modules, *(each.target.endpoint for each in self.members())}
        groups = [found.group(modules[found.seed], is_allowed=found.endpoint in allowed) for found in self.found()]
        ages = [self._clock() - view.at for view in self._current().values()]
        headers = {"Content-Type": "application/json", **({"Age": f"{max(ages):.0f}"} if ages else {})}
        return Response(200, json.dumps(groups, ensure_ascii=False, indent=1).encode(), headers)

    async def refresh(self) -> None:
        """Ask all configured nodes."""

        async def ask(node: ScrapedNode) -> None:
            self.learn(node.scraper.target.endpoint, await node.scrape(_SECONDS))

        await asyncio.gather(*map(ask, self._nodes.configured))

    @property
    def has_asked(self) -> bool:
        """Whether any configured node has ever answered."""
        return bool(self._views)

    def learn(self, seed: Endpoint, scrape: Scrape) -> None:
        """Remember what a configured node lists; an empty list, as before its first election, is no news."""
        try:
            members = scrape.answers.read(CLUSTER_STATE)
        except ProtocolError:
            return
        if members:
            self._views[seed] = View(members, self._clock())

    def found(self) -> list[Found]:
        """Return all nodes: those that are configured, by their own address, then the others that they name."""
        seeds = [node.scraper.target.endpoint for node in self._nodes.configured]
        return merged(seeds, self._current(), self._nodes.fleet.port)

    def _current(self) -> dict[Endpoint, View]:
        """Return what the nodes said last that are configured now: a reload may have taken some away."""
        seeds = [node.scraper.target.endpoint for node in self._nodes.configured]
        return {seed: self._views[seed] for seed in seeds if seed in self._views}

    def members(self) -> list[Selection]:
        """Return the nodes that the configured ones have named, as far as they may be asked."""
        fleet = self._nodes.fleet
        own = {node.endpoint: node for node in fleet.nodes}
        named = [found for found in self.found() if found.endpoint not in own]
        selections = (member(fleet, found.endpoint, own[found.seed]) for found in named)
        return [each for each in selections if each is not None]

    def samples(self) -> Iterator[Sample]:
        """Yield how old the last good answers are."""
        for seed, view in self._current().items():
            yield DISCOVERY_AGE.sample(self._clock() - view.at, str(seed))


def merged(seeds: Iterable[Endpoint], views: dict[Endpoint, View], port: int) -> list[Found]:
    """Return the nodes that are configured and those that they name, each once; `port` is the others'.

    A configured node is known by the name that it gives itself. Its role is the one that it says itself, another's the
    one that the first node says which lists it.
    """
    names = {each.name: seed for seed, view in views.items() for each in view.members if each.is_self}
    found: dict[Endpoint, Found] = {}
    for seed in seeds:
        own = views[seed].members if seed in views else ()
        role = next((each.role for each in own if each.is_self), None)
        found[seed] = Found(seed, role, seed)
    for seed, view in views.items():
        for each in view.members:
            endpoint = names.get(each.name) or _endpoint(each.name, port)
            if endpoint is not None:
                found.setdefault(endpoint, Found(endpoint, each.role, seed))
    return list(found.values())


def _endpoint(name: str, port: int) -> Endpoint | None:
    """Return where a member is asked whose name is where it listens for others; None if that is no address."""
    host = name.rpartition(":")[0].removeprefix("[").removesuffix("]")
    try:
        endpoint = parse_target("member", f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    except ConfigError:
        return None
    return endpoint if (endpoint.port, endpoint.path) == (port, "/") else None
