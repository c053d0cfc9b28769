"""A client that probes many targets through one exporter as Prometheus does: each on its beat, on kept connections."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

TIMEOUT_SECONDS = 10
"""What Prometheus gives a scrape unless it is told otherwise."""
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Probe:
    """One answer."""

    target: str
    is_up: bool
    """Whether the page says that the node is up; False for every other answer too."""
    status: int
    seconds: float
    """From the request to the whole answer."""
    late: float
    """By which the request was sent after its time, in seconds: what the client itself was late."""


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = bytearray()
        self._waiting: asyncio.Future[bytes] | None = None
        self.transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of asyncio's own types
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("closed"))

    async def ask(self, request: bytes) -> bytes:
        """Return the whole answer."""
        assert self.transport is not None  # noqa: S101 - asked only while it is open
        self._received.clear()
        self._waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self._waiting

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_END) + len(_END)
        if end < len(_END) or self._waiting is None or self._waiting.done():
            return
        length = int(self._received[:end].lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(self._received) >= end + length:
            self._waiting.set_result(bytes(self._received))


class Prober:
    """Asks one exporter."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[_Connection] = []
        self._turn = 0

    async def probe(self, target: str, due: float | None = None) -> Probe:
        """Probe a target at its time, by the clock of `time.perf_counter`; at once where none is given."""
        if due is not None:
            await asyncio.sleep(max(due - time.perf_counter(), 0))
        begun = time.perf_counter()
        request = (
            f"GET /probe?target={quote(target)} HTTP/1.1\r\nHost: localhost\r\n"
            f"X-Prometheus-Scrape-Timeout-Seconds: {TIMEOUT_SECONDS}\r\n\r\n"
        ).encode()
        try:
            connection = await self._connection()
            answer = await connection.ask(request)
        except OSError:
            answer = b"HTTP/1.1 0 "
        else:
            self._free.append(connection)
        status = int(answer.split(b" ", 2)[1])
        seconds = time.perf_counter() - begun
        return Probe(target, b"\nnundb_up 1\n" in answer, status, seconds, begun - (due or begun))

    async def _connection(self) -> _Connection:
        while self._free:
            if (kept := self._free.pop()).is_open:
                return kept
        _, made = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", self._port)
        return made

    async def on_the_beat(self, targets: Sequence[str], interval: float, rounds: int = 1) -> list[Probe]:
        """Probe each target once in every interval, all of them spread over it evenly."""
        start = time.perf_counter() + 0.1

        async def one(position: int, target: str) -> list[Probe]:
            first = start + interval * position / len(targets)
            return [await self.probe(target, first + interval * number) for number in range(rounds)]

        found = await asyncio.gather(*(one(*each) for each in enumerate(targets)))
        return [probe for probes in found for probe in probes]

    async def all_at_once(self, targets: Sequence[str]) -> list[Probe]:
        """Probe each target, at the same moment."""
        return list(await asyncio.gather(*map(self.probe, targets)))

    async def in_turn(self, targets: Sequence[str], count: int, clients: int) -> list[Probe]:
        """Let so many clients probe the targets in turn, each as fast as it gets answers; the next call goes on."""
        numbers = iter(range(self._turn, self._turn + count))
        self._turn += count

        async def client() -> list[Probe]:
            return [await self.probe(targets[number % len(targets)]) for number in numbers]

        return [probe for probes in await asyncio.gather(*(client() for _ in range(clients))) for probe in probes]

    def close(self) -> None:
        """Close all connections."""
        for connection in self._free:
            if connection.transport is not None:
                connection.transport.close()
