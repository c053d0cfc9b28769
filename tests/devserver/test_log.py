"""Log lines, and the durations in them."""

import asyncio
import io
import os
import re
from pathlib import Path

import pytest

from nundb_devserver import Cluster, Node
from nundb_devserver.data import snapshots
from nundb_devserver.log import FileSink, Log, StreamSink
from nundb_devserver.numbers import duration_text
from tests.conformance.transcripts import DIRECTORY
from tests.wire.clients import TcpClient
from tests.wire.idle_time import node_options

from .asking import ask, until


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0ns"),
        (999, "999ns"),
        (1_000, "1µs"),
        (8_583, "8.583µs"),
        (67_660, "67.66µs"),
        (1_000_000, "1ms"),
        (12_345_678, "12.345678ms"),
        (1_500_000_000, "1.5s"),
        (61_000_000_000, "61s"),
        (1_000_000_001, "1.000000001s"),
    ],
)
def test_a_duration_is_printed_as_rust_prints_it(nanoseconds: int, text: str) -> None:
    """In the largest unit that it fills, without zeros at the end, never in minutes."""
    assert duration_text(nanoseconds) == text


def test_an_entry_has_a_time_a_target_and_indented_further_lines() -> None:
    """The time is UTC with nanoseconds, as this node's clock has it."""
    entries: list[str] = []
    log = Log(entries.append, lambda: 1_795_359_461_898_948_997)
    log.write("nundb::process_request", "one\ntwo")
    assert entries == ["[2026-11-22T14:57:41.898948997Z nundb::process_request] one\n    two\n"]


def test_a_log_without_a_sink_says_so() -> None:
    """A caller may then spare itself the message."""
    log = Log(None, lambda: 0)
    assert not log.enabled
    log.write("nun_db", "nobody reads this")


async def test_a_stream_gets_the_entries_of_a_turn_at_once() -> None:
    """One write for however many entries."""
    stream = io.StringIO()
    sink = StreamSink(stream)
    sink("a\n")
    sink("b\n")
    assert stream.getvalue() == ""
    await asyncio.sleep(0)
    assert stream.getvalue() == "a\nb\n"


async def test_a_reader_that_has_gone_ends_the_log_and_not_the_server() -> None:
    """A closed pipe is no error of ours."""
    stream = io.StringIO()
    stream.close()
    sink = StreamSink(stream)
    sink("a\n")
    sink.flush()


async def test_a_file_that_has_grown_large_is_renamed(tmp_path: Path) -> None:
    """Nothing is lost or torn, and no more than two files are kept."""
    path = tmp_path / "node0.log"
    sink = FileSink(path, max_characters=20)
    for number in range(5):
        sink(f"entry {number} of five\n")
        sink.flush()
    assert path.read_text() == "entry 4 of five\n"
    assert (tmp_path / "node0.log.1").read_text() == "entry 2 of five\nentry 3 of five\n"
    sink("the last\n")
    sink.close()
    sink("too late\n")
    sink.flush()
    assert path.read_text() == "entry 4 of five\nthe last\n"
    assert sorted(os.listdir(tmp_path)) == ["node0.log", "node0.log.1"]  # noqa: PTH208 - the names alone


async def test_each_node_of_a_cluster_has_a_log_of_its_own(tmp_path: Path) -> None:
    """Over all its lives."""
    async with Cluster(2, port_base=None, logs=tmp_path, options=node_options()) as cluster:
        await cluster.restart(1)
        await cluster.ready()
    starts = [log.read_text("utf-8").count("nundb starting!") for log in cluster.logs]
    assert starts == [1, 2]


async def test_what_is_asked_while_the_log_is_blocked_is_answered_once_it_is_read_again(cluster: Cluster) -> None:
    """Nothing is lost, and no other node has noticed."""
    replica = cluster.nodes[2]
    await cluster.fault("blocked-log")
    client = await TcpClient.connect(replica.options.tcp_port)
    client.send(b"use-db shop st\nset k v\n")
    await cluster.cure("blocked-log")
    while client.received != b"ok \nok \nok \n":
        assert await client.receive(5)
    await client.close()
    await cluster.ready(0)


@pytest.mark.parametrize("fault", ["lost-log", "blocked-log"])
async def test_sigint_saves_nothing_that_cannot_be_logged(cluster: Cluster, fault: str) -> None:
    """The thread that would save panics at its first line, or waits with it, until the process is killed."""
    await ask(cluster.nodes[2], "use-db shop st;snapshot")
    await cluster.fault(fault)
    await cluster.stop(2)
    assert not snapshots.names(cluster.nodes[2].data)
    await ask(cluster.nodes[1], "use-db shop st;snapshot")
    await cluster.stop(1)
    assert snapshots.names(cluster.nodes[1].data) == ["shop"]


REQUEST = re.compile(
    r"^\[\S+Z nundb::process_request\] \[\d+\] Server processed message '(.*?)' in [0-9.]+(?:ns|µs|ms|s)$",
    re.MULTILINE | re.DOTALL,
)


async def test_requests_are_logged_as_the_recorded_server_logs_them() -> None:
    """Masked, the implicit unwatch-all with them, the newline of a TCP line and all."""
    recorded = REQUEST.findall((DIRECTORY / "single.log").read_text("utf-8"))
    entries: list[str] = []
    async with Node(node_options(user="adm", password="sekret", log=entries.append)) as node:

        async def is_primary() -> bool:
            return "exists" in await ask(node, "create-db $admin x")

        await until(is_primary)
        entries.clear()
        for body in ("metrics-state", "auth bad x;metrics-state", "auth adm sekret;cluster-state"):
            await ask(node, body, as_admin=False)
        client = await TcpClient.connect(node.options.tcp_port)
        client.send(b"get city\nauth adm sekret\n")
        while client.received.count(b"ok \n") < 2:
            await client.receive(5)
        await client.close()
        ours = REQUEST.findall("".join(entries))
    assert ours[:10] == [
        "metrics-state",
        "unwatch-all",
        "auth bad x",
        "metrics-state",
        "unwatch-all",
        "auth **** ****",
        "cluster-state",
        "unwatch-all",
        "get city\n    ",
        "auth **** ****\n    ",
    ]
    assert set(ours[:10]) <= set(recorded)


def until_elected(text: str) -> list[str]:
    """Return what a log says up to the first election, requests apart, without times and addresses.

    In alphabetical order: the original starts its threads in any.
    """
    head, winner, _ = text.partition("Setting this server as a primary!")
    entries = [
        re.sub(r"127\.0\.0\.1:\d+", "<address>", line.partition("Z ")[2]) for line in f"{head}{winner}".splitlines()
    ]
    return sorted(entry for entry in entries if not entry.startswith(("ws::io]", "nundb::process_request]")))


async def test_a_start_is_logged_as_the_recorded_server_logged_it(tmp_path: Path) -> None:
    """From an empty directory, alone: what is loaded, what is ignored, who listens, who is elected."""
    entries: list[str] = []
    async with Cluster(1, port_base=None, data=tmp_path, options=node_options(log=entries.append)):
        pass
    assert until_elected("".join(entries)) == until_elected((DIRECTORY / "single.log").read_text("utf-8"))
