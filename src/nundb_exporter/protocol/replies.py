"""Replies: from the text of any transport to one `Reply` for each command.

A command queues messages while it runs and has one result. TCP and WebSocket send both; HTTP sends one slot for each
command, filled from the front of the queue (protocol notes 1.0 to 1.3).
"""

import re
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from nundb_exporter.errors import ProtocolError, TooLargeError
from nundb_exporter.protocol.commands import Command

MAX_REPLY_BYTES: Final = 16 * 1024 * 1024
"""A longer reply is cut off and counts as a failure: no node may make the exporter hold more."""

_GREETING: Final = b"ok \n"
_END: Final = re.compile(r"^(?:ok |error (?P<error>.*?)(?: |\n ))\n", re.MULTILINE)
"""What ends a reply: a line `ok` or `error`, with a trailing space.

An error whose text ends with a newline has its space on a line of its own: `error error no-db-selected`, then ` `
(protocol notes 1.1).
"""


class Reply(NamedTuple):
    """What came back for one command: the text of its message, or the error that refused it, or neither."""

    text: str | None = None
    error: str | None = None

    def __repr__(self) -> str:
        """Return its kind and length: what a node says may hold stored values, or repeat a secret of ours."""
        kind, told = ("text", self.text) if self.error is None else ("error", self.error)
        return f"<reply {kind} of {len(told)} characters>" if told is not None else "<reply without text>"

    @property
    def is_unsupported(self) -> bool:
        """Whether this server is older than the command.

        An unknown verb is refused by name; an unknown word after `debug` is taken in silence.
        """
        return self.text is None and (self.error is None or self.error.startswith("unknown command:"))


_LOST: Final = Reply(error="the reply was lost behind an earlier error")


def split_body(body: str, commands: Sequence[Command[object]]) -> list[Reply]:
    """Give each command its slot of an HTTP body.

    A message ends with a newline and holds none but those of its own layout, an error holds no `;` of ours: so the
    border after a message is newline and `;`, after anything else `;`. The last slot is the rest, whatever it holds.

    An error that ends with a newline has also queued its text. The next success shows that text, and each later message
    comes one success late (protocol notes 1.2, "The shift"). A message that does not come at all is an error too.

    Raises:
        ProtocolError: there are fewer slots than commands, or a body where there was no command.
    """
    if body and not commands:
        raise ProtocolError("no command was sent, and a reply came back")
    slots = _Slots(body, commands)
    for position in range(len(commands)):
        if not slots.read(position):
            break
    return slots.replies


class _ErrorText(NamedTuple):
    """In the node's queue: the text that an error has left there."""

    text: str


class _Message(NamedTuple):
    """In the node's queue: the message of the command at this position, which no slot has shown yet."""

    position: int


class _Slots:
    """The slots of one body, read from the left, and the node's queue as far as it can be known.

    A body may have megabytes: only the slots are cut out of it, never the rest.
    """

    def __init__(self, body: str, commands: Sequence[Command[object]]) -> None:
        self._body = body
        self._start = 0
        """Where the next slot begins."""
        self._commands = commands
        self._queue: deque[_ErrorText | _Message] = deque()
        self.replies = [_LOST if command.prefixes else Reply() for command in commands]

    def read(self, position: int) -> bool:
        """Read the slot of one command; false when nobody can say whose the following ones are."""
        head = self._queue[0] if self._queue else None
        owner = head.position if isinstance(head, _Message) else position
        if self._body.startswith(self._commands[owner].prefixes, self._start):
            self.replies[owner] = Reply(self._message(position))
            if owner == position:
                self._queue.clear()  # its own message in its own slot: no error before it has left a text
            else:
                self._succeed(position)
            return True
        slot = self._cut(position, ";")
        if not slot.endswith("\n"):  # a success that found the queue empty, or an error that queued nothing
            self.replies[position] = Reply() if slot == "empty" else Reply(error=slot)
            return True
        if head == _ErrorText(slot):
            self._succeed(position)
            return True
        self.replies[position] = Reply(error=slot.rstrip("\n"))
        if owner != position:
            # Two errors have queued the same text, or one after another: whose the next message is, nobody can say.
            self.replies[position + 1 :] = [_LOST] * (len(self._commands) - position - 1)
            return False
        self._queue.append(_ErrorText(slot))
        return True

    def _succeed(self, position: int) -> None:
        """The command succeeded: it took the oldest entry out of the queue, and its own message went in."""
        self._queue.popleft()
        if self._commands[position].prefixes:
            self._queue.append(_Message(position))

    def _message(self, position: int) -> str:
        """Take a slot without the newlines at its end."""
        start, end = self._take(position, "\n;")
        while self._body[end - 1] == "\n":
            end -= 1
        return self._body[start:end]

    def _cut(self, position: int, border: str) -> str:
        start, end = self._take(position, border)
        return self._body[start:end]

    def _take(self, position: int, border: str) -> tuple[int, int]:
        """Take a slot, and return where it begins and ends."""
        start = self._start
        if position == len(self._commands) - 1:
            return start, len(self._body)
        end = self._body.find(border, start)
        if end < 0:
            raise ProtocolError(
                "fewer replies came back than commands were sent: what answers is not Nun-db, or cuts answers short"
            )
        self._start = end + len(border)
        return start, end


class ReplyStream:
    """The replies of a TCP or WebSocket connection, one command at a time.

    Feed it what arrives; WebSocket frames, one after another, hold the same text as TCP's lines. `limit` bounds the
    bytes of one reply.
    """

    __slots__ = ("_command", "_limit", "_received", "_seen", "is_begun")

    def __init__(self, limit: int = MAX_REPLY_BYTES) -> None:
        self.is_begun = False
        """Whether anything has come."""
        self._limit = limit
        self._received = bytearray()
        self.expect(None)

    def expect(self, command: Command[object] | None) -> None:
        """Begin the reply of `command`; None is TCP's greeting, a bare `ok`."""
        self._command = command
        self._seen = 0

    def receive_data(self, data: bytes) -> Reply | None:
        """Return the reply when `data` completes it.

        Raises:
            ProtocolError: not UTF-8, too long, or more than the reply that was expected.
        """
        self.is_begun = True
        received = self._received
        received += data
        if len(received) > self._limit:
            raise TooLargeError(f"a reply is longer than {self._limit} bytes")
        if self._command is None and not _GREETING.startswith(bytes(received[: len(_GREETING)])):
            raise ProtocolError("the greeting is not Nun-db's: check the port")
        if b"\n" not in data:
            return None
        complete = received.rfind(b"\n") + 1
        lines = _decoded(received[self._seen : complete])
        end = _END.search(lines)
        if end is None:
            # The last line is looked at again: it may be an error whose end is yet to come.
            self._seen = received.rfind(b"\n", 0, complete - 1) + 1
            return None
        if end.end() < len(lines):
            raise ProtocolError("the server says more than it was asked for")
        message = _decoded(received[: self._seen]) + lines[: end.start()]
        del received[:complete]
        return _succeeded(message.rstrip("\n"), self._command) if end["error"] is None else Reply(error=end["error"])


def _decoded(data: bytearray) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ProtocolError("a reply is not UTF-8") from None


def _succeeded(text: str, command: Command[object] | None) -> Reply:
    if command is None or not text:
        return Reply()
    return Reply(text) if text.startswith(command.prefixes) else Reply(error=text)
