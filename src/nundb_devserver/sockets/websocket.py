"""The WebSocket listener: commands in text frames, a frame for each message (ws_ops.rs; protocol notes 1.3)."""

import asyncio
from typing import ClassVar

from nundb_devserver.clockwork import Clockwork, Work
from nundb_devserver.commands.engine import Engine
from nundb_devserver.commands.session import Session
from nundb_devserver.framing.http import HEAD_LIMIT
from nundb_devserver.framing.websocket import (
    BINARY,
    CLOSE,
    CODE_LENGTH,
    PING,
    PONG,
    REFUSAL,
    TEXT,
    FrameError,
    Frames,
    frame,
    handshake,
)
from nundb_devserver.log import UNWRAPPED_ERROR, WEBSOCKET_OPERATIONS
from nundb_devserver.options import Transport
from nundb_devserver.outcome import Outcome, Panic
from nundb_devserver.sockets.connection import Conversation
from nundb_devserver.sockets.sequencer import Sequencer
from nundb_devserver.sockets.sockets import Sockets
from nundb_devserver.state import State


class WebSocketConnection(Conversation):
    """One accepted connection, before and after its handshake. One thread serves all."""

    accepted_by: ClassVar = Transport.WEBSOCKET
    threads: ClassVar = 1

    def __init__(self, state: State, clockwork: Clockwork, engine: Engine, sockets: Sockets, worker: int) -> None:
        super().__init__(state, clockwork, engine, sockets)
        self._head = bytearray()
        self._is_open = False
        self._frames = Frames(state.options.max_line_bytes)
        self.session = Session(self._send, worker)
        self._sequencer = Sequencer(self._handle, clockwork.spawn)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Log the client, as the library of the original does."""
        super().connection_made(transport)
        host, port = self.transport.get_extra_info("peername")[:2]
        self._state.log.write("ws::io", f"Accepted a new tcp connection from {host}:{port}.")

    def data_received(self, data: bytes) -> None:
        """Run the commands that have arrived."""
        if self._is_open:
            self._frames.receive_data(data)
        elif not self._open(data):
            return
        try:
            while (message := self._frames.next()) is not None:
                self._take(*message)
        except FrameError as error:
            self._close(error.code)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session, whether the client said good-bye or not."""
        super().connection_lost(exc)
        if self._is_open and not self.is_dead:
            self._sequencer.put((None,))

    def _open(self, data: bytes) -> bool:
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > HEAD_LIMIT:
                self.transport.abort()
            return False
        answer = handshake(bytes(self._head[:end]))
        if answer is None:
            self.transport.write(REFUSAL)
            self.transport.close()
            return False
        self.transport.write(answer)
        self._is_open = True
        self._frames.receive_data(bytes(self._head[end + 4 :]))
        self._head.clear()
        return True

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            self._close(payload[:CODE_LENGTH] if len(payload) >= CODE_LENGTH else b"")
        elif opcode == PING:
            self.transport.write(frame(PONG, payload))
        elif opcode in (TEXT, BINARY):
            try:
                text = payload.decode()
            except UnicodeDecodeError as error:
                # The original's event loop dies here, and the listener with it (ws_ops.rs: on_message).
                self._die_of(Panic(_not_utf8(error), "network/ws_ops.rs:61:37"))
                return
            self._sequencer.put(text.split(";"))

    def _handle(self, piece: str | None) -> Work | None:
        if piece is None:
            self._engine.execute("unwatch-all", self.session)
            self._engine.leave(self.session)
            return None
        work = self.run(piece)
        # The original's replication thread is mostly quicker than the next command of a frame.
        self._clockwork.turn()
        return work

    def reply(self, outcome: Outcome) -> None:
        """Send the frame that ends the answer to a command."""
        self._send("ok \n" if outcome is None else f"error {outcome.message} \n")

    def _send(self, message: str) -> None:
        self._write(frame(TEXT, message.encode()))

    def _close(self, code: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(frame(CLOSE, code))
            self.transport.close()

    def panic(self) -> None:
        """Close at once; the listener may be gone as well."""
        self._state.log.write(WEBSOCKET_OPERATIONS, "ws_ops::_read_thread::error::None Will close the connection")
        self._sequencer.clear()
        self._engine.abandon(self.session)
        self.die()
        self._sockets.note_panic(Transport.WEBSOCKET, self.threads)


def _not_utf8(error: UnicodeDecodeError) -> str:
    """Return how the original says that a text is not UTF-8."""
    length = "None" if error.reason == "unexpected end of data" else f"Some({error.end - error.start})"
    reason = f"Utf8Error {{ valid_up_to: {error.start}, error_len: {length} }}"
    return UNWRAPPED_ERROR.format(f"WS Error <Encoding({reason})>")
