"""Plays a recorded run again, and tells where the answers differ."""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.wire.clients import BINARY, PING, TEXT, TcpClient, WebSocketClient, post

from .normal import Names, normal
from .targets import HTTP, PASSWORD, TCP, USER, WEBSOCKET, Target, port
from .transcripts import Run, Step
from .unrepeatable import patterns

ANSWER_SECONDS = 3.0
SETTLING_SECONDS = 10.0

MEMBER = re.compile(r"(\S+:\d+)\((?:self|Connected|Disconnected)\):(\w+)")
OVER_THERE = re.compile(r"still awaited")


@dataclass(frozen=True)
class Difference:
    """One answer that was not the recorded one."""

    step: Step
    expected: object
    actual: object

    def __str__(self) -> str:
        sent = self.step.entry.get("send", self.step.entry.get("send_hex"))
        return f"{self.step} {sent!r}\n  recorded {self.expected!r}\n  answered {self.actual!r}"


class Replay:
    """One run against one target."""

    def __init__(self, run: Run, target: Target) -> None:
        self._run = run
        self._target = target
        self._names = Names(run.names, [self._name(index, name) for index, name in enumerate(run.names)])
        self._members = [*run.names]
        self._tcp: dict[str, TcpClient] = {}
        self._websockets: dict[str, WebSocketClient] = {}
        self._early: dict[int, asyncio.Task[Any]] = {}
        self.differences: list[Difference] = []

    async def play(self) -> list[Difference]:
        """Start the nodes, play every step, and return the differences."""
        try:
            await self._start_nodes()
            for position, step in enumerate(self._run.steps):
                await self._play(position, step)
        finally:
            for task in self._early.values():
                task.cancel()
            for tcp in self._tcp.values():
                await tcp.close()
            for websocket in self._websockets.values():
                await websocket.close()
            await self._target.close()
        return self.differences

    def _name(self, index: int, recorded: str) -> str:
        host = recorded.rpartition(":")[0]
        return f"{host}:{port(self._target.base, index, TCP)}"

    def _port(self, step: Step, offset: int) -> int:
        return port(self._target.base, step.entry["node"], offset)

    async def _start_nodes(self) -> None:
        names = [self._name(index, name) for index, name in enumerate(self._run.names)]
        for index, name in enumerate(names):
            peers = names[: index + 1] if len(names) > 1 else []
            await self._target.start(index, name, peers, self._run.environment)
            if self._run.starts_settled:
                await self._settle(names[: index + 1])

    async def _settle(self, names: list[str]) -> None:
        """Wait until every node lists all of them with the same primary, which acts as one, and nothing is pending."""
        async with asyncio.timeout(SETTLING_SECONDS):
            while not await self._is_settled(names):
                await asyncio.sleep(0.02)

    async def _is_settled(self, names: list[str]) -> bool:
        views = []
        acting = []
        for index in range(len(names)):
            body = f"auth {USER} {PASSWORD};metrics-state;cluster-state;create-db $admin x".encode()
            try:
                answer = await post(port(self._target.base, index, HTTP), body)
            except (OSError, asyncio.IncompleteReadError):
                return False
            text = answer.body.decode()
            views.append(dict(MEMBER.findall(text)))
            acting.append("already exists" in text)
            if "pending_ops: 0," not in text:
                return False
        primaries = {name for view in views for name, role in view.items() if role == "Primary"}
        return all(set(view) == set(names) for view in views) and len(primaries) == 1 and sum(acting) == 1

    async def _play(self, position: int, step: Step) -> None:
        match step.entry.get("t"):
            case "http":
                await self._play_http(position, step)
            case "tcp":
                await self._play_tcp(step)
            case "ws":
                await self._play_websocket(step)
            case _:
                await self._play_note(position, step)

    async def _play_note(self, position: int, step: Step) -> None:
        entry = step.entry
        if "close" in entry:
            clients: dict[str, Any] = self._tcp if entry["conn"] in self._tcp else self._websockets
            await clients.pop(entry["conn"]).close(entry["close"])
            # A quiet period, as there was in the recording: no client is told that a node has noticed.
            await asyncio.sleep(0.2 * self._target.pace)
        elif "signal" in entry:
            await self._target.signal(entry["node"], entry["signal"])
        elif "start" in entry:
            await self._start_again(entry)
        elif "exit" in entry and not await self._target.ended(entry["node"]):
            self.differences.append(Difference(step, entry["exit"], "still running"))
        if OVER_THERE.search(entry["note"]):
            self._send_early(position)
        if "seconds" in entry:
            await asyncio.sleep(entry["seconds"] * self._target.pace)

    async def _start_again(self, entry: dict[str, Any]) -> None:
        index = entry["node"]
        if self._run.starts_settled or index:
            if "tcp" in entry and entry["tcp"] not in self._members:
                self._members.append(entry["tcp"])
                self._names.add_node(entry["tcp"], self._name(index, entry["tcp"]))
            ours = [self._name(number, name) for number, name in enumerate(self._members)]
            await self._target.start(index, ours[index], ours if len(ours) > 1 else [], self._run.environment)

    def _send_early(self, position: int) -> None:
        """Send the request whose answer stands further down."""
        for later in range(position, len(self._run.steps)):
            step = self._run.steps[later]
            if "answered_after" in step.entry:
                self._early[later] = asyncio.create_task(self._post(step))
                return

    async def _post(self, step: Step) -> tuple[int | None, dict[str, str], str]:
        try:
            async with asyncio.timeout(ANSWER_SECONDS + step.entry.get("answered_after", 0)):
                answer = await post(self._port(step, HTTP), self._names.to_send(step.sent or b""))
        except (OSError, EOFError):
            return None, {}, ""
        return answer.status, answer.headers, answer.body.decode()

    async def _play_http(self, position: int, step: Step) -> None:
        early = self._early.pop(position, None)
        status, headers, text = await (early or self._post(step))
        self._check(step, (step.entry["status"], step.entry.get("recv", "")), (status, text))
        for name, value in step.entry.get("headers", {}).items():
            if headers.get(name) != value:
                self.differences.append(Difference(step, {name: value}, headers))

    async def _play_tcp(self, step: Step) -> None:
        name = step.entry["conn"]
        if name not in self._tcp:
            self._tcp[name] = await TcpClient.connect(self._port(step, TCP))
        client = self._tcp[name]
        if step.sent is not None:
            client.send(self._names.to_send(step.sent))
        expected = step.entry["recv"]
        must_close = step.entry.get("closed", False)

        def is_complete() -> bool:
            return (
                self._is_same(step, expected, client.received.decode(errors="replace"))
                and client.is_closed >= must_close
            )

        await self._receive(client, is_complete, is_silent=not expected and not must_close)
        actual, client.received = client.received.decode(errors="replace"), b""
        self._check(step, (must_close, expected), (client.is_closed, actual))

    async def _play_websocket(self, step: Step) -> None:
        name = step.entry["conn"]
        if name not in self._websockets:
            self._websockets[name] = await WebSocketClient.connect(self._port(step, WEBSOCKET))
        client = self._websockets[name]
        if step.sent is not None:
            opcode = BINARY if "binary" in step.entry else PING if "ping" in step.entry else TEXT
            client.send(self._names.to_send(step.sent), opcode)
        expected = step.entry["recv"]
        must_close = step.entry.get("closed", False)

        def is_complete() -> bool:
            return self._is_same(step, "\0".join(expected), "\0".join(client.frames)) and client.is_closed >= must_close

        await self._receive(client, is_complete, is_silent=not expected and not must_close)
        actual, client.frames = client.frames, []
        self._check(step, (must_close, "\0".join(expected)), (client.is_closed, "\0".join(actual)))

    async def _receive(
        self, client: TcpClient | WebSocketClient, is_complete: Callable[[], bool], *, is_silent: bool
    ) -> None:
        if is_silent:
            await client.receive(self._target.quiet_seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_SECONDS):
                while not is_complete() and (not client.is_closed):
                    await client.receive(ANSWER_SECONDS)

    def _normal(self, step: Step, text: str) -> str:
        made_alike = normal(text)
        for pattern, replacement in patterns(step.source, step.line):
            # Once more, since lists are sorted by what is left of their entries.
            made_alike = normal(pattern.sub(replacement, made_alike))
        return made_alike

    def _is_same(self, step: Step, recorded: str, actual: str) -> bool:
        return self._normal(step, recorded) == self._normal(step, self._names.as_recorded(actual))

    def _check(self, step: Step, recorded: tuple[Any, str], actual: tuple[Any, str]) -> None:
        expected = (recorded[0], self._normal(step, recorded[1]))
        found = (actual[0], self._normal(step, self._names.as_recorded(actual[1])))
        if expected == found:
            self._names.learn(recorded[1], actual[1])
        else:
            self.differences.append(Difference(step, expected, found))
