"""The example configuration for several Prometheus servers, run by two real ones: each cluster is in one of them."""

import contextlib
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from nundb_devserver import free_port
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Target, parse_endpoint
from nundb_exporter.demo.prometheus import Prometheus
from tests.programs import needed
from tests.wire.behaviours import answering
from tests.wire.exporter import serving_fleet, target
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import eventually

RULES = Path(__file__).parents[2] / "deploy" / "prometheus"
CLUSTERS = ("elm", "alder", "yew", "juniper")
"""Of which each server has some, by the hash that Prometheus makes of their names."""
Found = dict[tuple[str, str], float]


def configuration(exporters: list[str], shard: int) -> Any:  # noqa: ANN401 - YAML
    """Return the example of one server, with the exporters' addresses, and faster."""
    text = (RULES / "sharded.yml").read_text(encoding="utf-8")
    for number, address in enumerate(exporters):
        text = text.replace(f"nundb-exporter-{number}:9898", address)
    return yaml.safe_load(re.sub(r"(_interval): \d+s", r"\1: 1s", text).replace('"0"', f'"{shard}"'))


async def targets(session: aiohttp.ClientSession, prometheus: Prometheus) -> Found:
    """Return the value of `up` of all that a server scrapes, by job and instance."""
    async with session.get(f"http://{prometheus.address}/api/v1/query", params={"query": "up"}) as response:
        found = (await response.json())["data"]["result"]
    return {(each["metric"]["job"], each["metric"]["instance"]): float(each["value"][1]) for each in found}


@pytest.mark.slow
async def test_two_servers_scrape_each_target_once_and_share_no_cluster(tmp_path: Path) -> None:
    """Two exporters know two clusters each; a module is a cluster is a job. The exporters are targets too."""
    async with contextlib.AsyncExitStack() as stack:
        expected: set[tuple[str, str]] = set()
        exporters: list[str] = []
        for clusters in (CLUSTERS[:2], CLUSTERS[2:]):
            nodes = [(await stack.enter_async_context(ScriptedNode(answering())), each) for each in clusters * 2]
            modules = {cluster: target("http://127.0.0.1:1").module for cluster in clusters}
            configured = (Target(parse_endpoint("", node.url), modules[cluster]) for node, cluster in nodes)
            url = await stack.enter_async_context(serving_fleet(Fleet(tuple(configured), modules)))
            exporters.append(url.removeprefix("http://"))
            expected |= {(cluster, node.url.removeprefix("http://")) for node, cluster in nodes}
        expected |= {("nundb-exporter", exporter) for exporter in exporters}
        session = await stack.enter_async_context(aiohttp.ClientSession())
        servers = [Prometheus(needed("prometheus"), tmp_path / str(shard), free_port()) for shard in range(2)]
        rules = {name: (RULES / name).read_text(encoding="utf-8") for name in ("alerts.yml", "recordings.yml")}
        for shard, server in enumerate(servers):
            stack.push_async_callback(server.stop)
            await server.start(configuration(exporters, shard), rules)

        async def shares() -> list[Found]:
            return [await targets(session, server) for server in servers]

        found = await eventually(shares, lambda found: {each for share in found for each in share} == expected)
        assert sum(map(len, found)) == len(expected), "none is scraped twice"
        assert {value for share in found for value in share.values()} == {1.0}
        jobs = [{job for job, _ in share} - {"nundb-exporter"} for share in found]
        assert all(jobs), "each server has some of the clusters"
        assert not jobs[0] & jobs[1], "and none has a part of one"
