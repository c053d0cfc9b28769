"""Replies as they come over TCP and WebSocket: recorded, cut anywhere, endless, and garbage."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ProtocolError
from nundb_exporter.protocol.commands import (
    PENDING_OPS,
    Command,
    get,
)
from nundb_exporter.protocol.replies import Reply, ReplyStream
from tests.cuts import cut, peak_memory, sizes, taken
from tests.recordings import command, every_exchange

from .conversation import AUTH, COMMANDS, GARBAGE, conversation, lines_of

STREAMS = [exchange for exchange in every_exchange() if exchange.transport != "http"]
SINGLE = [
    exchange
    for exchange in STREAMS
    if len(exchange.commands) == 1
    and exchange.received.endswith(" \n")
    and exchange.commands[0].text != "arbiter"  # its messages end without a newline (protocol notes 1.0)
]


def test_every_recorded_stream_gives_each_command_its_reply() -> None:
    """All that was asked over TCP and WebSocket is answered, and the answers written again give the same bytes."""
    watching = {
        exchange.connection
        for exchange in STREAMS
        if any(asked.text.startswith(("watch", "arbiter", "rp", "debug pendding")) for asked in exchange.commands)
    }
    checked = 0
    for exchange in STREAMS:
        is_answered = exchange.received.endswith(" \n")  # not so where the recorded node died of it
        is_half = exchange.source == "odd-input-tcp:43"  # the rest of a line that was begun before
        if exchange.connection in watching or is_half or not is_answered:
            continue
        commands = exchange.commands or (command("(greeting)"),)
        replies = conversation(commands, exchange.received)
        assert "".join(map(lines_of, commands, replies)) == exchange.received, exchange.source
        checked += 1
    assert checked >= 190


@given(index=st.integers(0), lengths=sizes)
def test_any_cut_of_a_recorded_stream_gives_the_same_reply(index: int, lengths: list[int]) -> None:
    """What a connection says may arrive in any pieces, even within a character."""
    exchange = SINGLE[index % len(SINGLE)]
    outcomes = []
    for pieces in (lengths, [1], [len(exchange.received.encode())]):
        stream = ReplyStream()
        stream.expect(exchange.commands[0])
        outcomes.append([stream.receive_data(piece) for piece in cut(exchange.received.encode(), pieces)])
    assert outcomes[0][-1] == outcomes[1][-1] == outcomes[2][-1]
    assert outcomes[0][-1] is not None
    assert not any(reply for outcome in outcomes for reply in outcome[:-1])


@given(data=st.one_of(st.binary(max_size=60), GARBAGE.map(str.encode)), commands=COMMANDS, lengths=sizes)
def test_garbage_in_a_stream_gives_replies_or_a_protocol_error(
    data: bytes, commands: list[Command[object]], lengths: list[int]
) -> None:
    """Nothing else is raised, however it is cut, and a reply's text is the command's own kind or none."""
    stream = ReplyStream(limit=40)
    waiting = deque(commands)
    asked: Command[object] | None = None
    try:
        for piece in cut(data, lengths):
            reply = stream.receive_data(piece)
            if reply is not None:
                assert reply.text is None or (asked is not None and reply.text.startswith(asked.prefixes))
                asked = waiting.popleft() if waiting else AUTH
                stream.expect(asked)
    except ProtocolError:
        return


@given(data=GARBAGE.map(str.encode), lengths=sizes)
def test_one_reply_does_not_depend_on_where_it_is_cut(data: bytes, lengths: list[int]) -> None:
    """Where the whole gives a reply, so do the pieces, and the same one."""
    whole = ReplyStream(limit=40)
    whole.expect(get("a"))
    pieces = ReplyStream(limit=40)
    pieces.expect(get("a"))
    try:
        expected = whole.receive_data(data)
    except ProtocolError:
        return
    assert next((reply for piece in cut(data, lengths) if (reply := pieces.receive_data(piece))), None) == expected


def test_a_greeting_is_a_bare_ok() -> None:
    """What else listens on the port is told by its first line, not at the deadline."""
    assert ReplyStream().receive_data(b"ok \n") == Reply()
    for banner in (b"SSH-2.0-OpenSSH_9.2\r\n", b"error busy \n", b"HTTP/1.1 400 Bad Request\r\n", b"\n"):
        with pytest.raises(ProtocolError, match="greeting"):
            ReplyStream().receive_data(banner)


def test_an_error_whose_last_line_comes_later_is_whole() -> None:
    """Its text ends with a newline, and its space stands on a line of its own, which may be another packet."""
    stream = ReplyStream()
    stream.expect(get("a"))
    assert stream.receive_data(b"error no-db-selected\n") is None
    assert stream.receive_data(b"error error no-db-selected\n") is None
    assert stream.receive_data(b" \n") == Reply(error="error no-db-selected")


@pytest.mark.parametrize("data", [b"value 1\nok \nok \n", b"error a \nerror b \n"])
def test_more_than_one_reply_at_once_is_refused(data: bytes) -> None:
    """What was not asked for would be taken for the next command's reply."""
    stream = ReplyStream()
    stream.expect(get("a"))
    with pytest.raises(ProtocolError, match="more than it was asked for"):
        stream.receive_data(data)


def test_bytes_that_are_not_utf8_are_refused() -> None:
    """Nun-db speaks UTF-8 alone."""
    stream = ReplyStream()
    stream.expect(get("a"))
    with pytest.raises(ProtocolError, match="not UTF-8"):
        stream.receive_data(b"value \xff\n")


@pytest.mark.parametrize(
    "piece", [b"x" * 1000, b"x" * 99 + b"\n", b"ab\n" * 50, b"\n" * 100], ids=["line", "lines", "short", "empty"]
)
def test_an_endless_reply_is_given_up_at_the_limit(piece: bytes) -> None:
    """Neither one endless line nor lines without end, not even empty ones, hold more than a few times the limit."""
    stream = ReplyStream(limit=50_000)
    stream.expect(PENDING_OPS)
    with peak_memory(400_000):
        assert 49_000 <= taken(stream.receive_data, piece) <= 50_000
