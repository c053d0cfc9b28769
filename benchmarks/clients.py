"""Clients that ask one server over and over, and what a process has used meanwhile. Linux only (/proc)."""

import selectors
import socket
import ssl
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Load:
    """Answers to so many clients, each asking again as soon as it has an answer."""

    seconds: list[float]
    """How long each answer took, sorted."""
    elapsed: float

    def percentile(self, share: float) -> float:
        """Return the time within which this share of the answers came, in milliseconds."""
        return self.seconds[min(int(len(self.seconds) * share), len(self.seconds) - 1)] * 1000

    @property
    def median(self) -> float:
        """The median, in milliseconds."""
        return self.percentile(0.5)

    def __str__(self) -> str:
        rate = f"{len(self.seconds) / self.elapsed:,.0f}/s"
        return f"{self.median:.3f} ms, {self.percentile(0.99):.3f} ms, {rate}"


class _Client:
    def __init__(self, port: int, request: bytes, tls: ssl.SSLContext | None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._request = request
        self.answer = bytearray()
        self._asked = 0.0

    def ask(self) -> None:
        self.answer = bytearray()
        self._asked = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> float | None:
        """Return the seconds that the answer took, when it is complete."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("closed")
        self.answer += data
        while isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():  # what no selector sees
            self.answer += self.socket.recv(1 << 18)
        end = self.answer.find(b"\r\n\r\n") + 4
        if end < 4:  # noqa: PLR2004 - the length of that end
            return None
        head = self.answer[:end].lower()
        if not head.startswith(b"http/1.1 200"):
            sys.exit(f"unexpected answer: {head[:80]!r}")
        if b"transfer-encoding: chunked" in head:
            is_whole = self.answer.endswith(b"\r\n0\r\n\r\n")
        else:
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            is_whole = len(self.answer) >= end + length
        return time.perf_counter() - self._asked if is_whole else None


def load(port: int, request: bytes, clients: int, answers: int, tls: ssl.SSLContext | None = None) -> Load:
    """Let `clients` ask for `answers` in all."""
    taken: list[float] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            client = _Client(port, request, tls)
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.ask()
        started = time.perf_counter()
        while len(taken) < answers:
            for key, _ in selector.select():
                seconds = key.data.receive()
                if seconds is not None:
                    taken.append(seconds)
                    key.data.ask()
        elapsed = time.perf_counter() - started
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    return Load(sorted(taken), elapsed)


def answer(port: int, request: bytes, tls: ssl.SSLContext | None = None) -> bytes:
    """Return the whole answer to one request."""
    client = _Client(port, request, tls)
    with client.socket:
        client.ask()
        while client.receive() is None:
            pass
    return bytes(client.answer)


def first_answer(port: int, request: bytes, tls: ssl.SSLContext | None = None) -> None:
    """Ask until a whole answer comes."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            answer(port, request, tls)
        except ConnectionError:
            time.sleep(0.001)
        else:
            return
    sys.exit(f"nothing answers on port {port}")


def get(path: str, *headers: str) -> bytes:
    """Return a GET request."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "\r\n"]).encode()


def post(body: str) -> bytes:
    """Return a POST request."""
    return f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    return _scheduled(pid, 0)


def waited_seconds(pid: int) -> float:
    """Return the time for which a process could have run and did not, because others had the processors."""
    return _scheduled(pid, 1)


def _scheduled(pid: int, field: int) -> float:
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[field]) for task in tasks) / 1e9


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
