"""Commands and replies as they stand in HTTP bodies and in streams."""

import re
from collections.abc import Sequence

from hypothesis import strategies as st

from nundb_exporter.protocol.commands import (
    KEYS,
    METRICS_STATE,
    PENDING_OPS,
    Command,
    auth,
    get,
    use_db,
)
from nundb_exporter.protocol.replies import Reply, ReplyStream

AUTH = auth("nun", "pwd")
DOOR = use_db("shop", "token")
QUEUED = ("permission denied", "error no-db-selected")
"""The errors that end with a newline and have also queued their text."""


def body_of(commands: Sequence[Command[object]], replies: Sequence[Reply]) -> str:
    """Write the body these replies came in: the inverse of split_body where nothing is shifted (protocol notes 1.2)."""
    return ";".join(map(_slot, commands, replies))


def _slot(command: Command[object], reply: Reply) -> str:
    if reply.text is not None:
        return f"{reply.text}\n\n" if command == METRICS_STATE else f"{reply.text}\n"
    if reply.error is None:
        return "empty"
    return f"{reply.error}\n" if reply.error in QUEUED else reply.error


def lines_of(command: Command[object], reply: Reply) -> str:
    """Write the lines that this reply came in over TCP: the inverse of ReplyStream (protocol notes 1.1)."""
    if reply.error in QUEUED:
        return f"{reply.error}\nerror {reply.error}\n \n"
    if reply.error is not None:
        return f"error {reply.error} \n"
    return f"{_slot(command, reply) if reply.text is not None else ''}ok \n"


def conversation(commands: Sequence[Command[object]], received: str) -> list[Reply]:
    """Give a stream what came back for several commands that were sent at once, a line at a time."""
    stream = ReplyStream()
    replies: list[Reply] = []
    lines = iter(re.findall(r"[^\n]*\n", received))
    for asked in commands:
        stream.expect(asked)
        arrived = (stream.receive_data(line.encode()) for line in lines)
        replies += [next(reply for reply in arrived if reply is not None)]
    assert not list(lines), "the server said more than it was asked for"
    return replies


GARBAGE = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(["ok \n", "error x \n", " \n", "error error no-db-selected\n", "value 1\n", ";", "\n", "é"]),
        max_size=8,
    ).map("".join),
)
COMMANDS = st.lists(st.sampled_from([AUTH, DOOR, METRICS_STATE, PENDING_OPS, KEYS, get("a")]), max_size=5)
