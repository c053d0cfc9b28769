"""`check` of embedded nodes that are broken: each fault is a finding with its alert's name."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from nundb_devserver import Cluster, Node, NodeOptions
from tests.wire.clients import ask
from tests.wire.program import Ended, run
from tests.wire.replies import PASSWORD, USER

EVERYTHING: Final = ("--collector.acting_role", "--collector.transports")


@asynccontextmanager
async def cluster(size: int) -> AsyncIterator[Cluster]:
    """Run a cluster with the database `shop`."""
    async with Cluster(size, port_base=None, options=NodeOptions(user=USER, password=PASSWORD)) as made:
        await ask(made.nodes[0].options.http_port, f"auth {USER} {PASSWORD}", "create-db shop token newer")
        yield made


def ports(node: Node) -> str:
    """Return the flag that names the ports of a node, which do not follow each other here."""
    options = node.options
    told = f"http={options.http_port},tcp={options.tcp_port},websocket={options.websocket_port}"
    return f"--collector.transports.ports={told}"


async def check(*arguments: str, patience: str = "30") -> tuple[Ended, Any]:
    """Run `check --json`, and return how it ended and what it has reported."""
    ended = await run("check", "--json", "--timeout", patience, *arguments, url=None)
    return ended, json.loads(ended.stdout)


def ids(report: Any) -> list[str]:  # noqa: ANN401 - JSON
    """Return the names of the problems, without what is only for information."""
    return [finding["id"] for finding in report["findings"] if finding["severity"] != "info"]


def urls(made: Cluster) -> list[str]:
    """Return the nodes' URLs."""
    return [node.http_url for node in made.nodes]


@pytest.mark.parametrize("fault", ["websocket-dead", "tcp-dead"])
async def test_a_dead_listener_is_found_where_transports_are_asked(fault: str) -> None:
    """The runbook of NundbTransportDown names this command."""
    async with cluster(1) as made:
        await made.fault(fault)
        ended, report = await check(*EVERYTHING, ports(made.nodes[0]), *urls(made))
    assert ended.code == 1
    assert ids(report) == ["NundbTransportDown"]


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("http-dead", ["NundbDown", "NundbTransportDown"]),
        ("dead-node", ["NundbDown"]),
        ("hung-node", ["NundbHung"]),
        ("wrong-password", ["NundbCredentialsRefused"]),
    ],
)
async def test_transports_are_tried_even_where_the_node_does_not_answer(fault: str, found: list[str]) -> None:
    """Only this tells a listener that has died from a node that has; the time of the scrape is enough for both."""
    async with cluster(1) as made:
        (node,) = made.nodes
        await made.fault(fault)
        _, report = await check(*EVERYTHING, ports(node), *urls(made), patience="5")
    assert ids(report) == found
    is_alive = fault in {"http-dead", "wrong-password"}
    assert report["nodes"][0]["transports"] == {
        "http": is_alive and fault != "http-dead",
        "tcp": is_alive,
        "websocket": is_alive,
    }


async def test_a_dead_http_listener_is_found_over_tcp() -> None:
    """The node lives, and is asked another way."""
    async with cluster(1) as made:
        (node,) = made.nodes
        await made.fault("http-dead")
        host, port = node.tcp_address
        ended, report = await check(*EVERYTHING, ports(node), f"tcp://{host}:{port}")
    assert ended.code == 1
    assert ids(report) == ["NundbTransportDown"]


async def test_any_number_of_pending_operations_above_the_limit_is_found() -> None:
    """What is not listed by member is not healthy."""
    async with cluster(2) as made:
        await made.fault("hung-replica")
        writes = (f"set key-{number} value" for number in range(1201))
        await ask(made.nodes[0].options.http_port, "use-db shop token", *writes)
        ended, report = await check(*urls(made))
    assert ended.code == 1
    assert "NundbPendingBacklog" in ids(report)
    assert report["healthy"] is False


async def test_a_cluster_in_which_nobody_acts_as_primary_is_found() -> None:
    """Whatever the lists say, nothing is replicated."""
    async with cluster(3) as made:
        await made.fault("no-primary")
        ended, report = await check("--collector.acting_role", *urls(made))
    assert ended.code == 1
    assert {"NundbNoActingPrimary", "NundbNoPrimary"} <= set(ids(report))


async def test_a_primary_that_hangs_is_the_only_finding() -> None:
    """The others list it: the cluster has a primary."""
    async with cluster(3) as made:
        await made.fault("hung-node", node=0)
        ended, report = await check(*urls(made), patience="3")
    assert ended.code == 1
    assert ids(report) == ["NundbHung"]


async def test_one_node_over_two_transports_is_one_node() -> None:
    """It is judged once, and two addresses are no second primary."""
    async with cluster(1) as made:
        (node,) = made.nodes
        host, port = node.tcp_address
        ended, report = await check(node.http_url, f"tcp://{host}:{port}", node.ws_url)
    assert ended.code == 0
    assert [finding["id"] for finding in report["findings"]] == ["NundbSameNode"]
    assert [each["same_as"] for each in report["nodes"]] == [None, node.http_url, node.http_url]


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("snapshot-leak", {"NundbSnapshotStuck"}),
        ("strategy-mismatch", {"NundbDatabaseStrategyDiffers"}),
        ("missing-database", {"NundbDatabaseMissing", "NundbMembersDisagree"}),
        ("two-primaries", {"NundbSeveralPrimaries", "NundbMembersDisagree"}),
        ("dead-replica", {"NundbDown", "NundbOperationsLeaked"}),
        ("wrong-password", {"NundbCredentialsRefused"}),
    ],
)
async def test_a_fault_is_found_by_the_name_of_its_alert(fault: str, found: set[str]) -> None:
    """As drills show for the alerts."""
    async with cluster(3) as made:
        await made.fault(fault)
        ended, report = await check(*urls(made))
    assert ended.code == 1
    assert found <= set(ids(report))


async def test_overlapping_snapshots_are_told_with_what_the_node_tells() -> None:
    """Every replica has acknowledged, and the entry stays: in `check` and in `pending`."""
    async with cluster(2) as made:
        await made.fault("snapshot-leak")
        _, report = await check(*urls(made))
        pending = await run("pending", url=made.nodes[0].http_url)
    (finding,) = report["findings"]
    assert finding["sentence"].endswith("every replica has acknowledged it, so it has overlapped another one.")
    assert "(all acknowledged)" in pending.stdout


async def test_a_healthy_cluster_has_no_findings_whatever_is_asked() -> None:
    """With every collector."""
    async with cluster(3) as made:
        ended, report = await check("--collector.acting_role", *urls(made))
    assert (ended.code, _sentences(report["findings"])) == (0, [])


def _sentences(findings: Sequence[Any]) -> list[str]:
    return [finding["sentence"] for finding in findings]
