"""A canary beside one node of an embedded cluster, and what it shows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from nundb_devserver import Cluster
from nundb_exporter.canary.beat import Canary
from nundb_exporter.canary.failed import FailedError
from nundb_exporter.canary.tally import Tally
from nundb_exporter.config.settings import CanarySettings, Module, Target, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from tests.devserver.asking import ask

TOKEN = "canary-token"
DEADLINE_SECONDS = 0.5


class Watched:
    """One canary; `password` is the right one by default."""

    def __init__(self, cluster: Cluster, at: int, password: Secret | None = None, **settings: Any) -> None:  # noqa: ANN401 - the fields of CanarySettings
        node = cluster.nodes[at]
        module = Module(Credentials(node.options.user, password or Secret(node.options.password)), ())
        target = Target(parse_endpoint("", node.http_url), module)
        access = DatabaseAccess("canary", Secret(TOKEN))
        given = CanarySettings(access, f"n{at}", deadline_seconds=DEADLINE_SECONDS, **settings)
        self.tally = Tally()
        self.canary = Canary(target, given, self.tally, saved_within_rounds=1)

    async def rounds(self, number: int = 1) -> None:
        """Carry out some rounds; one that fails is noted."""
        for _ in range(number):
            try:
                await self.canary.round()
            except FailedError:
                continue

    def shown(self, name: str) -> dict[str, float]:
        """Return the values of a family by its last label."""
        full = f"nundb_canary_{name}"
        return {
            (sample.labels or ("",))[-1]: sample.value for sample in self.tally.samples() if sample.family.name == full
        }

    @property
    def failure(self) -> str | None:
        """The reason of the last failure."""
        return next((reason for reason, value in self.shown("failure").items() if value), None)


@asynccontextmanager
async def watched(cluster: Cluster, at: int = 0, **settings: Any) -> AsyncIterator[Watched]:  # noqa: ANN401 - as above
    """Give a canary, and close its connections in the end."""
    one = Watched(cluster, at, **settings)
    try:
        yield one
    finally:
        one.canary.close()


async def inside(cluster: Cluster, at: int, command: str) -> str:
    """Return the answer to a command within the canary's database."""
    return (await ask(cluster.nodes[at], f"use-db canary {TOKEN};{command}")).partition(";")[2]
