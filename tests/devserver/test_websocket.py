"""The WebSocket listener: handshake, frames, and commands in them."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_devserver import Node
from nundb_devserver.framing.websocket import FrameError, Frames, frame, handshake, unmask
from tests.wire.clients import BINARY, CLOSE, PING, TcpClient, WebSocketClient

from .asking import ask, until

LIMIT = 1_000_000


def client_frame(payload: bytes, opcode: int = 1, *, is_final: bool = True, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """Return a masked frame."""
    length = len(payload)
    first = bytes(((0x80 if is_final else 0) | opcode,))
    if length < 126:
        head = first + bytes((0x80 | length,))
    elif length < 1 << 16:
        head = first + b"\xfe" + struct.pack(">H", length)
    else:
        head = first + b"\xff" + struct.pack(">Q", length)
    return head + mask + unmask(payload, mask)


async def frames(client: WebSocketClient, count: int) -> list[str]:
    """Return so many frames."""
    while len(client.frames) < count:
        assert await client.receive(5)
    taken, client.frames = client.frames, []
    return taken


def test_the_handshake_is_that_of_the_standard() -> None:
    """The example of RFC 6455, section 1.3, in the order of headers that ws-rs has."""
    answer = handshake(b"GET /any HTTP/1.1\r\nsec-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ==")
    assert answer == (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nUpgrade: websocket\r\n\r\n"
    )
    assert handshake(b"GET / HTTP/1.1\r\nHost: x") is None


async def test_what_is_no_handshake_is_refused(node: Node) -> None:
    """In the words of ws-rs, and hung up on; so is a head without end."""
    client = await TcpClient.connect(node.options.websocket_port)
    client.send(b"GET / HTTP/1.1\r\n")
    client.send(b"\r\n")
    while await client.receive(5):
        pass
    assert client.received == (
        b"HTTP/1.1 400 Bad Request\r\n\r\nWebSocket Protocol Error: Unable to parse WebSocket key."
    )
    await client.close()
    client = await TcpClient.connect(node.options.websocket_port)
    client.send(b"x" * 70_000)
    while await client.receive(5):
        pass
    assert client.received == b""
    await client.close()


async def test_every_message_is_a_frame_and_every_command_ends_with_one(node: Node) -> None:
    """Pieces are not trimmed: a space or nothing is an empty command. Binary frames are as good as text."""
    client = await WebSocketClient.connect(node.options.websocket_port)
    client.send(b"use-db shop st;get a; get a;")
    assert await frames(client, 5) == [
        "ok \n",
        "value <Empty>\n",
        "ok \n",
        "error empty command \n",
        "error empty command \n",
    ]
    client.send(b"set-safe k 5 a;set-safe k 1 b", BINARY)
    assert await frames(client, 2) == ["ok \n", "ok \n"]
    client.send(b"still here", PING)
    assert await frames(client, 1) == ["<pong>"]
    await client.close("frame")


async def test_a_write_is_recorded_before_the_next_command_of_its_frame(node: Node) -> None:
    """As the original does in most cases: its threads leave it to chance."""
    client = await WebSocketClient.connect(node.options.websocket_port)
    client.send(b"auth nun nun-pwd;use-db shop st;metrics-state;set a 1;metrics-state")
    before, after = [frame for frame in await frames(client, 8) if "op_log_count" in frame]
    assert "op_log_count: 1," in before
    assert "op_log_count: 2," in after
    await client.close()


async def test_an_election_holds_up_its_own_connection_alone(node: Node) -> None:
    """What comes after it is answered after it."""
    client = await WebSocketClient.connect(node.options.websocket_port)
    client.send(b"auth nun nun-pwd;replicate-join 127.0.0.1:1;debug force-election;bogus")
    assert await frames(client, 5) == ["valid auth\n", "ok \n", "ok \n", "ok \n", "error unknown command: bogus \n"]
    await client.close()


@pytest.mark.parametrize("how", ["frame", "fin", "rst"])
async def test_a_client_that_leaves_is_counted_out(node: Node, how: str) -> None:
    """With a good-bye or without."""
    client = await WebSocketClient.connect(node.options.websocket_port)
    client.send(b"use-db shop st")
    await frames(client, 1)
    await client.close(how)

    async def is_counted_out() -> bool:
        return await ask(node, "use-db shop st;get $connections") == "empty;value 1\n"

    await until(is_counted_out)


@pytest.mark.parametrize("sent", [b"\xff", b"election candidate five"])
async def test_what_kills_the_originals_event_loop_ends_one_connection(node: Node, sent: bytes) -> None:
    """Others live on, unlike there."""
    other = await WebSocketClient.connect(node.options.websocket_port)
    client = await WebSocketClient.connect(node.options.websocket_port)
    client.send(sent, BINARY)
    while await client.receive(5):
        pass
    assert client.is_closed
    other.send(b"bogus")
    assert await frames(other, 1) == ["error unknown command: bogus \n"]
    await other.close()
    await client.close()


async def test_a_frame_that_a_client_may_not_send_ends_the_connection(node: Node) -> None:
    """With the code for it."""
    tcp = await TcpClient.connect(node.options.websocket_port)
    tcp.send(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: x\r\n\r\n\x83\x80")
    while await tcp.receive(5):
        pass
    assert tcp.received.endswith(frame(CLOSE, struct.pack(">H", 1002)))
    await tcp.close()


@pytest.mark.parametrize(
    ("sent", "answered"),
    [(b"", b""), (b"\x03", b""), (b"\x03\xe8", b"\x03\xe8"), (b"\x0f\xa0bye", b"\x0f\xa0")],
)
async def test_a_good_bye_is_answered_with_its_own_code(node: Node, sent: bytes, answered: bytes) -> None:
    """With none, where it has none; without its reason. As ws-rs answers it."""
    tcp = await TcpClient.connect(node.options.websocket_port)
    tcp.send(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: x\r\n\r\n" + client_frame(sent, CLOSE))
    while await tcp.receive(5):
        pass
    assert tcp.received.endswith(b"\r\n\r\n" + frame(CLOSE, answered))
    await tcp.close()


async def test_an_unmasked_frame_is_taken(node: Node) -> None:
    """The standard forbids clients to send one, the original does not mind."""
    tcp = await TcpClient.connect(node.options.websocket_port)
    tcp.send(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: x\r\n\r\n" + frame(1, b"bogus") + frame(CLOSE, b""))
    while await tcp.receive(5):
        pass
    assert tcp.received.endswith(frame(1, b"error unknown command: bogus \n") + frame(CLOSE, b""))
    await tcp.close()


@given(st.lists(st.binary(max_size=8).map(lambda part: part * 40), max_size=3), st.data())
def test_messages_are_put_together_however_they_are_cut(messages: list[bytes], data: st.DataObject) -> None:
    """Into fragments by the client, into pieces by the network; a ping may come in between."""
    stream = b""
    for message in messages:
        middle = data.draw(st.integers(0, len(message)))
        stream += client_frame(message[:middle], is_final=False) + client_frame(b"", PING)
        stream += client_frame(message[middle:], opcode=0)
    found = []
    reader = Frames(LIMIT)
    while stream:
        size = data.draw(st.integers(1, len(stream)) | st.just(len(stream)))
        reader.receive_data(stream[:size])
        stream = stream[size:]
        while (one := reader.next()) is not None:
            found.append(one)
    assert [payload for opcode, payload in found if opcode == 1] == messages
    assert sum(opcode == PING for opcode, _ in found) == len(messages)


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536, 100_000])
def test_a_message_may_have_any_length(length: int) -> None:
    """In one, two or eight bytes; and it may arrive byte by byte, or nearly."""
    reader = Frames(LIMIT)
    stream = client_frame(b"x" * length)
    for start in (0, 1, 2, 3, 5, 11):
        reader.receive_data(stream[start : {0: 1, 1: 2, 2: 3, 3: 5, 5: 11}.get(start, len(stream))])
        if start < min(11, len(stream)):
            found = reader.next()
    assert (found or reader.next()) == (1, b"x" * length)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x83\x80", 1002),
        (b"\xc1\x80", 1002),
        (client_frame(b"", opcode=0), 1002),
        (client_frame(b"a", is_final=False) + client_frame(b"b"), 1002),
        (b"\x81\xff" + struct.pack(">Q", 1 << 40), 1009),
    ],
)
def test_frames_that_break_the_rules_are_told_apart(data: bytes, code: int) -> None:
    """Reserved opcodes and bits, fragments out of order; or too large."""
    reader = Frames(LIMIT)
    reader.receive_data(data)
    with pytest.raises(FrameError) as caught:
        reader.next()
    assert caught.value.code == struct.pack(">H", code)


def test_fragments_have_a_limit_together() -> None:
    """Not only each of them."""
    reader = Frames(10)
    reader.receive_data(client_frame(b"a" * 8, is_final=False) + client_frame(b"a" * 8, opcode=0))
    with pytest.raises(FrameError):
        reader.next()


@pytest.mark.parametrize(
    ("length", "head"),
    [(5, b"\x81\x05"), (126, b"\x81\x7e\x00\x7e"), (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00")],
)
def test_a_frame_has_the_shortest_length_field(length: int, head: bytes) -> None:
    """One byte, two, or eight."""
    assert frame(1, b"x" * length) == head + b"x" * length
