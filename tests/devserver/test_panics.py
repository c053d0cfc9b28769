"""Panics: what the log says of threads that die, and of what their clients still watch."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from nundb_devserver import Node
from tests.log import observed
from tests.wire.clients import TcpClient, WebSocketClient, post
from tests.wire.idle_time import node_options

from .asking import ask, until

_BINARY = 2
PANIC = re.compile(r"^\nthread '(.*)' \(\d+\) panicked at (\S+):\n(.*)\n", re.MULTILINE)
HINT = "note: run with `RUST_BACKTRACE=1`"
HEADER = re.compile(r"^\[\S+Z (\S+)\] (?:\[\d+\] )?(.*?)(?: in [0-9.]+(?:ns|µs|ms|s))?$", re.MULTILINE)


@asynccontextmanager
async def logging() -> AsyncIterator[tuple[Node, list[str]]]:
    """A node with two databases, and what it logs from then on."""
    entries: list[str] = []
    async with Node(node_options(user="adm", password="sekret", log=entries.append)) as node:

        async def is_primary() -> bool:
            return "create-db success" in await ask(node, "create-db shop st")

        await until(is_primary)
        await ask(node, "create-db d t;create-db e t")
        entries.clear()
        yield node, entries


async def test_threads_die_in_the_log_as_the_recorded_ones_did() -> None:
    """An HTTP worker, and with it the thread that waits for all; another, a TCP connection, the WebSocket loop."""
    recorded = observed.of_event("panic-ws-loop.stderr").decode()
    async with logging() as (node, entries):
        options = node.options
        assert (await post(options.http_port, b"election candidate x")).status == 500
        assert (await post(options.http_port, b"auth adm sekret;snapshot false d")).status == 500
        client = await TcpClient.connect(options.tcp_port)
        client.send(b"election candidate x\n")
        while await client.receive(5):
            pass
        websocket = await WebSocketClient.connect(options.websocket_port)
        websocket.send(b"\xff\xfe", _BINARY)
        while not websocket.is_closed:
            await websocket.receive(5)
        await client.close()
        await websocket.close()
        log = "".join(entries)
    assert PANIC.findall(log) == PANIC.findall(recorded)
    assert log.count(HINT) == recorded.count(HINT) == 1
    assert "nundb::network::ws_ops] ws_ops::_read_thread::error::None Will close the connection\n" in log


@pytest.mark.parametrize(("text", "kind"), [("", "Empty"), ("x", "InvalidDigit"), ("9" * 40, "PosOverflow")])
async def test_what_is_wrong_with_a_number_is_told_as_rust_tells_it(text: str, kind: str) -> None:
    """Its three kinds of errors for unsigned numbers."""
    async with logging() as (node, entries):
        await post(node.options.http_port, f"election candidate {text} node".encode())
    assert f"ParseIntError {{ kind: {kind} }}" in "".join(entries)


async def test_metrics_state_dies_of_a_log_that_cannot_be_opened_as_the_recorded_one_did() -> None:
    """The line before the panic, and the panic."""
    recorded = observed.of_event("dir-deleted.stderr").decode()
    async with logging() as (node, entries):
        node.conditions.is_oplog_unreadable = True
        assert (await post(node.options.http_port, b"auth adm sekret;metrics-state")).status == 500
        (line,) = [entry for entry in entries if "nundb::disk_ops] Os {" in entry]
    assert line.partition("Z ")[2] in observed.of_event("dir-deleted.log").decode()
    assert PANIC.findall("".join(entries))[0] in PANIC.findall(recorded)


async def test_the_snapshot_thread_dies_of_a_full_disk_as_the_recorded_one_did() -> None:
    """And whoever would save at the end dies of that: nothing is saved any more."""
    recorded = observed.of_event("disk-full-snapshot.stderr").decode()
    async with logging() as (node, entries):
        node.conditions.is_disk_full = True
        await ask(node, "use-db d t;snapshot")
        assert node.process is not None
        node.process.state.declutter()
        node.stop()
    assert PANIC.findall("".join(entries)) == PANIC.findall(recorded)


async def test_whoever_watched_another_database_is_told_in_vain_as_in_the_recorded_log() -> None:
    """An HTTP request that selects another database has ended, and each change of the key logs two warnings."""
    recorded = HEADER.findall(observed.of_event("watcher-gone.log").decode())
    async with logging() as (node, entries):
        for body in (b"use-db d t;watch k;use-db e t", b"use-db d t;set k 1"):
            await post(node.options.http_port, body)
        ours = HEADER.findall("".join(entries))
    assert len(ours) == 9
    assert ours == recorded[-9:]


async def test_an_arbiter_that_is_gone_is_asked_in_vain_with_another_warning() -> None:
    """It has selected another database since (consensus_ops.rs: send_message_to_arbiter_client)."""
    async with logging() as (node, entries):
        await ask(node, "create-db court t arbiter;use-db court t;arbiter;use-db d t")
        await ask(node, "use-db court t;set k one;set k two;set-safe k 0 stale")
    log = "".join(entries)
    assert "nundb::consensus_ops] Error to send message to arbiter, conflict may stay unresolved\n" in log
    assert "receiver is gone" not in log
