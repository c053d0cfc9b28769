"""The demo, run as a person runs it: it comes up, moves, fails when told to, and leaves nothing behind."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from nundb_devserver import FAULTS, free_port, free_row, is_free
from nundb_exporter.demo.prometheus import Prometheus, configuration
from nundb_exporter.demo.services import prometheus_port
from nundb_exporter.demo.workload import DATABASES
from nundb_exporter.log.families import SUBJECT
from tests.programs import needed
from tests.wire.pages import fetch
from tests.wire.ports import taken
from tests.wire.waiting import PATIENCE_SECONDS, eventually

from .program import Program, running
from .terminal import terminal

ANY_PORTS = ("--port-base", "0", "--exporter-port", "0", "--prometheus-port", "0")
TRANSPORTS = {("nundb_transport_up", name): 1.0 for name in ("http", "tcp", "websocket")}
RECORDS = ("nundb_oplog_records",)
PENDING = ("nundb_replication_pending_operations",)

SLOW_SECONDS = 0.25
SECRETS = (*(access.token.reveal() for access in DATABASES), "delivered", "basket", "pears left")
"""Tokens, and words of values that applications write all the time."""

Samples = dict[tuple[str, ...], float]


@pytest.fixture
def no_prometheus(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH leads nowhere."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return {"PATH": str(folder)}


def page(url: str) -> Callable[[], Awaitable[Samples]]:
    """Return a question for the samples of a page."""

    async def ask() -> Samples:
        return (await fetch(url)).samples

    return ask


async def pages(demo: Program) -> list[str]:
    """Return the URLs of the three exporters' pages, once all is up."""
    await demo.printed("Look at")
    return [line.split()[1] for line in demo.lines if line.startswith("node") and "/metrics" in line]


async def test_metrics_move_without_prometheus(tmp_path: Path, no_prometheus: dict[str, str]) -> None:
    """Every family that the demo is about has a value, and the operation log grows on all nodes."""
    async with running(tmp_path, "demo", *ANY_PORTS, environment=no_prometheus) as demo:
        first, *others = await pages(demo)
        before = await page(first)()
        assert before["nundb_up",] == 1
        assert before["nundb_node_acting_primary",] == 1
        await eventually(page(first), lambda samples: TRANSPORTS.items() <= samples.items())
        assert {key[1] for key in before if key[0] == "nundb_database_keys"} == {"shop", "chat", "sessions"}
        await eventually(page(first), lambda samples: samples["nundb_database_connections", "shop"] == 3)
        await eventually(
            page(first), lambda samples: 0 < samples["nundb_replication_duration_moving_average_seconds",] < 1
        )
        for url in (first, *others):
            await eventually(page(url), lambda samples: samples[RECORDS] > before[RECORDS] + 10)
        assert await demo.end(signal.SIGINT) == 0
        assert demo.leftovers == []


async def test_pending_operations_grow_for_a_hung_replica_and_stay_when_it_dies(tmp_path: Path) -> None:
    """The chart that made this project necessary: the member is named, and nothing takes its operations away."""
    async with terminal(tmp_path, "demo", *ANY_PORTS, "--no-prometheus") as person:
        await person.shown("q quit")
        primary, _, replica = re.findall(r"node\d  (\S+/metrics)", person.text)
        member = "127.0.0.1:" + re.findall(r"TCP (\d+)\)", person.text)[2]
        owed = ("nundb_replication_unacknowledged_operations", member)
        person.type("h")
        await person.shown("hung-replica at node2")
        hung = await eventually(page(primary), lambda samples: samples.get(owed, 0) > 5)
        await eventually(page(primary), lambda samples: samples[owed] > hung[owed])
        assert (await page(replica)())["nundb_up",] == 1
        person.type("d")
        await person.shown("dead-replica at node2")
        await eventually(page(replica), lambda samples: samples["nundb_scrape_failure", "connect"] == 1)
        left = await eventually(
            page(primary), lambda samples: not any(key[:2] == ("nundb_cluster_member_info", member) for key in samples)
        )
        later = await eventually(page(primary), lambda samples: samples[RECORDS] > left[RECORDS] + 10)
        assert later[owed] == left[owed] > hung[owed]
        assert later[PENDING] >= later[owed]
        person.type("q")
        assert await person.process.wait() == 0


async def test_faults_can_be_placed_at_the_primary(tmp_path: Path, no_prometheus: dict[str, str]) -> None:
    """--fault-node chooses the node, for one after another: when the primary dies, the next takes its place."""
    faults = ("--fault", "slow-command", "--fault", "dead-node", "--fault-node", "0", "--fault-after", "0")
    async with running(tmp_path, "demo", *ANY_PORTS, *faults, environment=no_prometheus) as demo:
        _, second, _ = await pages(demo)
        await demo.printed("slow-command at node0")
        await demo.printed("dead-node at node0")
        await eventually(page(second), lambda samples: samples["nundb_node_acting_primary",] == 1)
        assert await demo.end(signal.SIGINT) == 0
        assert demo.leftovers == []


async def test_a_slow_command_is_shown_by_name(tmp_path: Path, no_prometheus: dict[str, str]) -> None:
    """With its database and key, from the node's log; the page has the same list, and the metrics its verb."""
    fault = ("--fault", "slow-command", "--fault-node", "0", "--fault-after", "0")
    async with running(tmp_path, "demo", *ANY_PORTS, *fault, environment=no_prometheus) as demo:
        first, *_ = await pages(demo)
        assert "names the slow commands" in await demo.printed("slow-command at node0")

        async def slowest() -> set[tuple[str, str, str]]:
            answer = await fetch(first.replace("/metrics", "/slow"), headers={"Accept": "application/json"})
            slow = [each for each in json.loads(answer.text)["commands"] if each["seconds"] >= SLOW_SECONDS]
            return {(each["verb"], each["database"], each["key"].partition(":")[0]) for each in slow if each["key"]}

        await eventually(slowest, lambda found: ("get", "shop", "price") in found)
        assert 'id="slow"' in (await fetch(first.replace("/metrics", "/"))).text
        samples = await page(first)()
        count = samples["nundb_command_duration_seconds_count", "get"]
        assert samples["nundb_command_duration_seconds_bucket", "get", "0.1"] < count


async def test_no_page_shows_what_the_logs_have_in_clear(tmp_path: Path, no_prometheus: dict[str, str]) -> None:
    """Tokens and values stay in the logs, which only the demo's user may read, and which end with it."""
    async with running(tmp_path, "demo", *ANY_PORTS, environment=no_prometheus) as demo:
        urls = await pages(demo)
        (directory,) = demo.temporary.iterdir()
        assert directory.stat().st_mode & 0o077 == 0

        async def missing() -> set[str]:
            logs = "".join(log.read_text() for log in directory.glob("*.log"))
            return {secret for secret in SECRETS if secret not in logs}

        await eventually(missing, lambda secrets: not secrets)
        read = [
            await fetch(url.replace("/metrics", path), headers={"Accept": kind})
            for url in urls
            for path in ("/metrics", "/", "/report", "/slow")
            for kind in ("*/*", "application/json")
        ]
        assert {page.status for page in read} == {200}
        shown = "".join((*demo.lines, *(page.text for page in read)))
        assert [secret for secret in SECRETS if secret in shown] == []
        assert await demo.end(signal.SIGINT) == 0
        assert demo.leftovers == []


@pytest.mark.parametrize(
    ("manager", "cure"),
    [("apt-get", "sudo apt-get install prometheus"), ("brew", "brew install prometheus"), ("none", "prometheus.io")],
)
async def test_without_prometheus_the_command_that_installs_it_is_told(
    tmp_path: Path, no_prometheus: dict[str, str], manager: str, cure: str
) -> None:
    """By the package manager that is there; the demo goes on without charts."""
    program = Path(no_prometheus["PATH"]) / manager
    program.write_text("")
    program.chmod(0o755)
    async with running(tmp_path, "demo", *ANY_PORTS, environment=no_prometheus) as demo:
        assert cure in await demo.printed("no prometheus on PATH")
        await demo.printed("; node2 ")
        assert await demo.end(signal.SIGINT) == 0


@pytest.fixture
def prometheus() -> None:
    """A Prometheus that the demo finds."""
    needed("prometheus")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client for Prometheus."""
    async with aiohttp.ClientSession() as client:
        yield client


async def test_prometheus_scrapes_all_nodes_and_finds_the_rules_good(
    tmp_path: Path, prometheus: None, session: aiohttp.ClientSession
) -> None:
    """Its targets are up under the nodes' names, and none of the rules fails."""
    async with running(tmp_path, "demo", *ANY_PORTS) as demo:
        url = (await demo.printed("Prometheus scrapes")).split()[-1]

        async def up() -> dict[str, str]:
            async with session.get(f"{url}/api/v1/query", params={"query": "nundb_up"}) as response:
                found = (await response.json())["data"]["result"]
            return {series["metric"]["instance"]: series["value"][1] for series in found}

        async def rules() -> list[str]:
            async with session.get(f"{url}/api/v1/rules") as response:
                groups = (await response.json())["data"]["groups"]
            return [rule["health"] for group in groups for rule in group["rules"]]

        await eventually(up, lambda values: values == {"node0": "1", "node1": "1", "node2": "1"})
        await eventually(rules, lambda healths: len(healths) > 10 and set(healths) == {"ok"})
        assert await demo.end(signal.SIGTERM) == 0
        assert demo.leftovers == []


async def test_the_panel_of_slowest_verbs_shows_a_slow_one(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    """With its node and how long it takes, which the node's own averages hide.

    The demo's own Prometheus allows a second for a scrape, which on a busy machine is too little for a slow node.
    """
    (panel,) = [panel for panel in SUBJECT.panels if panel.title == "Slowest verbs"]
    query = panel.expression
    for variable, value in {"$job": ".+", "$instance": ".+", "$__rate_interval": "1m"}.items():
        query = query.replace(variable, value)
    fault = ("--fault", "slow-command", "--fault-node", "0", "--fault-after", "0")
    prometheus = Prometheus(needed("prometheus"), tmp_path / "prometheus", free_port())
    async with running(tmp_path, "demo", *ANY_PORTS, "--no-prometheus", *fault) as demo:
        exporters = [urlsplit(url).netloc for url in await pages(demo)]
        await demo.printed("slow-command at node0")
        settings = configuration({f"node{number}": address for number, address in enumerate(exporters)}, [])
        settings["global"] = {"scrape_interval": "5s", "scrape_timeout": "5s"}

        async def means() -> dict[tuple[str, str], float]:
            parameters = {"query": query}
            async with session.get(f"http://{prometheus.address}/api/v1/query", params=parameters) as response:
                found = (await response.json())["data"]["result"]
            rows = ((each["metric"], float(each["value"][1])) for each in found)
            return {(labels["instance"], labels["command"]): value for labels, value in rows}

        def is_slow(found: dict[tuple[str, str], float]) -> bool:
            return found.get(("node0", "get"), 0) >= SLOW_SECONDS / 2

        try:
            await prometheus.start(settings, {})
            await eventually(means, is_slow, seconds=3 * PATIENCE_SECONDS)
        finally:
            await prometheus.stop()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL])
async def test_prometheus_outlives_nobody(tmp_path: Path, prometheus: None, number: signal.Signals) -> None:
    """Not when the terminal is closed, and not even when the demo is killed and can do nothing about it."""
    async with running(tmp_path, "demo", *ANY_PORTS) as demo:
        port = int((await demo.printed("Prometheus scrapes")).rpartition(":")[2])
        assert not is_free(port)
        await demo.end(number)

        async def processes() -> list[str]:
            return demo.processes

        await eventually(processes, lambda found: not found)
        assert is_free(port)


async def test_a_prometheus_that_does_not_start_stops_nobody(tmp_path: Path, no_prometheus: dict[str, str]) -> None:
    """The demo says what it said, and goes on without charts."""
    binary = Path(no_prometheus["PATH"]) / "prometheus"
    binary.write_text("#!/bin/sh\necho 'no room for me' >&2\nexit 1\n")
    binary.chmod(0o755)
    async with running(tmp_path, "demo", *ANY_PORTS, environment=no_prometheus) as demo:
        assert "no room for me" in await demo.printed("Prometheus does not start")
        first, *_ = await pages(demo)
        assert (await page(first)())["nundb_up",] == 1
        assert await demo.end(signal.SIGTERM) == 0
        assert demo.leftovers == []


async def test_it_ends_by_itself_after_its_duration(tmp_path: Path) -> None:
    """With a duration nobody need end it, and its last words are that nothing is left."""
    async with running(tmp_path, "demo", *ANY_PORTS, "--no-prometheus", "--duration", "0.2") as demo:
        assert await demo.end() == 0
        assert await demo.printed("; node2 ")
        assert await demo.printed("nothing is left")
        assert demo.leftovers == []


async def test_it_can_be_ended_while_it_starts(tmp_path: Path) -> None:
    """A signal that comes half-way finds nothing that would stay."""
    async with running(tmp_path, "demo", *ANY_PORTS) as demo:
        await demo.printed("exporters listen")
        assert await demo.end(signal.SIGINT) == 0
        assert demo.leftovers == []


async def test_it_ends_when_nobody_reads_it(tmp_path: Path) -> None:
    """As in `nundb-exporter demo | head -1`: no traceback, nothing left, and the exit code of output that is lost."""
    reading, writing = os.pipe()
    async with running(tmp_path, "demo", *ANY_PORTS, "--no-prometheus", output=writing) as demo:
        os.close(writing)
        await asyncio.get_running_loop().run_in_executor(None, os.read, reading, 1)
        os.close(reading)
        assert await demo.end() == 3
        assert demo.leftovers == []


async def test_its_faults_have_names_and_descriptions(tmp_path: Path) -> None:
    """--list-faults tells all that --fault can be, and starts nothing."""
    async with running(tmp_path, "demo", "--list-faults") as demo:
        assert await demo.end() == 0
        await demo.printed("resume")
        assert {line.split()[0] for line in demo.lines} == {*FAULTS, "resume"}


@pytest.mark.parametrize(("flag", "offset"), [("--port-base", 13), ("--exporter-port", 1), ("--prometheus-port", 0)])
async def test_a_taken_port_is_named_with_the_flag_that_chooses_another(
    tmp_path: Path, request: pytest.FixtureRequest, flag: str, offset: int
) -> None:
    """One line, exit 2, and nothing left of what was started before."""
    if flag == "--prometheus-port":
        request.getfixturevalue("prometheus")
    base = free_row(35)
    with taken(base + offset):
        async with running(tmp_path, "demo", *ANY_PORTS, flag, str(base)) as demo:
            assert await demo.end() == 2
            (line,) = [line for line in demo.lines if line.startswith("nundb-exporter:")]
            assert flag in line
            assert str(base + offset) in line
            assert re.search(rf"choose others with {flag}, for instance \d+,|choose another, or leave", line)
            assert demo.leftovers == []


def test_another_prometheus_on_the_usual_port_stops_nobody() -> None:
    """Unless a port is asked for, any other will do, and it is said."""
    said: list[str] = []
    with taken() as usual:
        assert prometheus_port(None, said.append, usual) != usual
    assert "--prometheus-port" in said[0]


def test_prometheus_gets_its_usual_port_if_that_is_free() -> None:
    """And nothing is said."""
    said: list[str] = []
    usual = free_port()
    assert prometheus_port(None, said.append, usual) == usual
    assert not said
