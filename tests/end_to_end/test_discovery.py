"""The example configuration of Prometheus for many nodes, run by a real one: nodes come, are scraped, and go."""

import contextlib
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from nundb_devserver import Node, NodeOptions, free_port
from nundb_exporter.config.allow import AllowList, parse_allowed
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.demo.prometheus import Prometheus
from nundb_exporter.files.source import FilesSource
from nundb_exporter.monitoring.alerts import cluster, files
from tests.files import observed
from tests.programs import needed
from tests.wire.behaviours import answering
from tests.wire.exporter import serving_fleet, target
from tests.wire.replies import PASSWORD, USER
from tests.wire.scripted import ScriptedNode
from tests.wire.sources import started
from tests.wire.waiting import PATIENCE_SECONDS, eventually

RULES = Path(__file__).parents[2] / "deploy" / "prometheus"
HOSTS = ("127.0.0.11", "127.0.0.12", "127.0.0.13")
"""Three machines with the same ports."""


def configuration(exporter: str) -> Any:  # noqa: ANN401 - YAML
    """Return the example with another exporter's address, and faster."""
    text = (RULES / "fleet.yml").read_text(encoding="utf-8").replace("nundb-exporter:9898", exporter)
    return yaml.safe_load(re.sub(r"(_interval): \d+s", r"\1: 1s", text))


def hurried(name: str) -> str:
    """Return a file of rules in which hours of memory are minutes, and minutes of patience a few seconds."""
    text = (RULES / name).read_text(encoding="utf-8")
    return re.sub(r"\[6h:1m\]", "[10m:1s]", re.sub(r"for: \d+m", "for: 3s", text))


class Asking:
    """Asks Prometheus."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._url = f"http://{address}/api/v1"

    async def values(self, expression: str) -> dict[str, float]:
        """Return the values of an expression, by instance."""
        async with self._session.get(f"{self._url}/query", params={"query": expression}) as response:
            found = (await response.json())["data"]["result"]
        return {each["metric"].get("instance", ""): float(each["value"][1]) for each in found}

    async def firing(self) -> set[str]:
        """Return the alerts that fire."""
        return {name for name, _, _ in await self.fired()}

    async def fired(self) -> set[tuple[str, str, str]]:
        """Return the name, the job and the instance of the alerts that fire."""
        async with self._session.get(f"{self._url}/alerts") as response:
            alerts = (await response.json())["data"]["alerts"]
        labels = [alert["labels"] for alert in alerts if alert["state"] == "firing"]
        return {(each["alertname"], each["job"], each.get("instance", "")) for each in labels}


@pytest.mark.slow
async def test_nodes_that_join_are_found_and_scraped_and_the_alert_fires_when_one_leaves(tmp_path: Path) -> None:
    """Only the first is configured. The rules see what is scraped by /probe, with the nodes as instances."""
    http, tcp = free_port(HOSTS[0]), free_port(HOSTS[0])
    nodes = [
        Node(NodeOptions(host=host, http_port=http, tcp_port=tcp, data=tmp_path / host, user=USER, password=PASSWORD))
        for host in HOSTS
    ]
    names = tuple(node.name for node in nodes)
    instances = [f"{host}:{http}" for host in HOSTS]
    first = target(f"http://{instances[0]}")
    allow = AllowList((parse_allowed("allow", f"127.0.0.0/28:{http}"),))
    fleet = Fleet((first,), {"default": first.module}, allow, http)
    prometheus = Prometheus(needed("prometheus"), tmp_path / "prometheus", free_port())
    try:
        await nodes[0].start(names)
        await nodes[1].start(names)
        async with serving_fleet(fleet) as url, aiohttp.ClientSession() as session:
            exporter = url.removeprefix("http://")
            rules = {name: hurried(name) for name in ("alerts.yml", "recordings.yml")}
            await prometheus.start(configuration(exporter), rules)
            ask = Asking(session, prometheus.address)

            async def up() -> dict[str, float]:
                return await ask.values("nundb_up")

            await eventually(up, lambda found: found == dict.fromkeys(instances[:2], 1.0))
            await nodes[2].start(names)
            await eventually(up, lambda found: found == dict.fromkeys(instances, 1.0))
            # Longer than there were two members, by as long as the alert may take: it compares with the median.
            members = f"min_over_time(({cluster.MEMBER_MISSING.expression.partition('<')[0].strip()})[35s:1s])"
            patience = 3 * PATIENCE_SECONDS  # a scrape that is lost on a busy machine begins the time anew
            await eventually(lambda: ask.values(members), lambda found: found == {"": 3.0}, seconds=patience)
            assert cluster.MEMBER_MISSING.name not in await ask.firing()
            ages = 'nundb_exporter_discovery_age_seconds{job="nundb-exporter"}'
            await eventually(lambda: ask.values(ages), lambda found: found.keys() == {exporter})
            nodes[2].stop()
            await eventually(ask.firing, lambda found: cluster.MEMBER_MISSING.name in found)
            assert (await up()).keys() == set(instances[:2])
    finally:
        await prometheus.stop()
        for node in nodes:
            node.stop()
            node.close()


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
async def test_what_is_read_beside_a_node_fires_once_with_the_node_or_else_the_exporter(
    count: int, tmp_path: Path
) -> None:
    """An exporter of one node knows that the files are that one's; of several, it has them on its own page."""
    source = FilesSource(observed.directory("restart-loop", tmp_path))
    prometheus = Prometheus(needed("prometheus"), tmp_path / "prometheus", free_port())
    async with contextlib.AsyncExitStack() as stack:
        nodes = [target((await stack.enter_async_context(ScriptedNode(answering()))).url) for _ in range(count)]
        stack.enter_context(started(source))
        fleet = Fleet(tuple(nodes), {"default": nodes[0].module})
        url = await stack.enter_async_context(serving_fleet(fleet, sources=[source]))
        exporter = url.removeprefix("http://")
        stack.push_async_callback(prometheus.stop)
        await prometheus.start(configuration(exporter), {"alerts.yml": hurried("alerts.yml"), "recordings.yml": ""})
        session = await stack.enter_async_context(aiohttp.ClientSession())
        ask = Asking(session, prometheus.address)
        name = files.RESTART_UNSAFE.name
        await eventually(ask.firing, lambda found: name in found)
        fired = {(job, instance) for each, job, instance in await ask.fired() if each == name}
        assert (await ask.values("up")).keys() == {exporter, *(node.endpoint.authority for node in nodes)}
        assert (await ask.values("nundb_up")).keys() == {node.endpoint.authority for node in nodes}
    assert fired == {("nundb", nodes[0].endpoint.authority) if count == 1 else ("nundb-exporter", exporter)}
