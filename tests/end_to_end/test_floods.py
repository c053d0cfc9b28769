"""Nodes that send without end: the failure is told early, and memory stays bounded."""

from pathlib import Path

import pytest

from tests.wire.behaviours import answering, endless
from tests.wire.exporter import Exporter, scrape, target
from tests.wire.framing import chunked, frame
from tests.wire.replies import GOOD
from tests.wire.scripted import Behaviour, Peer, ScriptedNode

MEBIBYTE = 1024 * 1024
BLOCK = b"x" * 65536
LINE = b"and more " * 16 + b"\n"
LENGTHLESS = b"HTTP/1.1 200 OK\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

FLOODS = {
    "body without a length": ("http", LENGTHLESS + b"valid auth\n;", BLOCK),
    "body longer than all memory": ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n", BLOCK),
    "length of a million digits": ("http", b"HTTP/1.1 200 OK\r\nContent-Length: ", b"9" * 65536),
    "chunks": ("http", CHUNKED, b"10000\r\n" + BLOCK + b"\r\n"),
    "tiny chunks": ("http", CHUNKED, b"1\r\nx\r\n" * 8192),
    "chunk of any size": ("http", CHUNKED, b"f" * 65536),
    "trailers": ("http", CHUNKED + b"0\r\n", b"More: and more\r\n" * 4096),
    "headers": ("http", b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 4096),
    "one header": ("http", b"HTTP/1.1 200 OK\r\nX-More: ", BLOCK),
    "interim answers": ("http", b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 4096),
    "line": ("tcp", b"valid auth", BLOCK),
    "lines": ("tcp", b"valid auth\n", LINE * 512),
    "empty lines": ("tcp", b"valid auth\n", b"\n" * 65536),
    "frame": ("ws", b"\x81\x7f\x00\x00\x00\xff\xff\xff\xff\xff", BLOCK),
    "frames": ("ws", b"", frame(LINE * 256)),
    "parts of a frame": ("ws", frame(b"valid auth", is_last=False), frame(b"x" * 60000, 0, is_last=False)),
    "empty parts of a frame": ("ws", frame(b"valid auth", is_last=False), frame(b"", 0, is_last=False) * 4096),
}
HOLLOW = {"empty parts of a frame"}
"""They weigh so little that the deadline may come before the limit; in memory they weigh as little."""


def peak_bytes(pid: int) -> int:
    """Return the most memory that a process has ever held."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM"))


@pytest.mark.parametrize("name", FLOODS)
async def test_a_flood_is_a_failure_of_the_protocol_and_memory_stays_bounded(name: str) -> None:
    """The answer never ends; the page comes in time, and the exporter holds a few replies' worth at most."""
    scheme, head, block = FLOODS[name]
    async with ScriptedNode(answering(), scheme) as node, Exporter(node.url) as exporter:
        assert (await exporter.metrics()).is_up
        before = peak_bytes(exporter.pid)
        node.behaviour = endless(head, block)
        await node.restart()
        page = await exporter.metrics("4" if name in HOLLOW else "50")
        assert page.reasons == ["protocol"] or (name in HOLLOW and page.reasons == ["timeout"])
        assert peak_bytes(exporter.pid) - before < 80 * MEBIBYTE
        node.behaviour = answering()
        await node.restart()
        assert (await exporter.metrics()).is_up


def _in_chunks(size: int) -> Behaviour:
    async def behave(peer: Peer) -> None:
        while True:
            commands = await peer.commands()
            body = ";".join(GOOD[command].message or "" for command in commands)
            await peer.send(chunked(body.encode(), size))

    return behave


@pytest.mark.parametrize("size", [1, 7, 32768])
async def test_an_answer_in_chunks_is_read_whatever_their_size(size: int) -> None:
    """Nun-db sends bodies of 32 KiB or more in chunks, and a proxy may cut anything."""
    async with ScriptedNode(_in_chunks(size)) as node:
        page = await scrape(target(node.url))
    assert page.is_up
    assert page.samples["nundb_database_info", "shop", "none"] == 1
