"""What a scrape costs, compared with a bare request to the node, at one client and at many, in time, CPU and memory.

Everything is measured in one run, because machines differ and drift: read the ratios. Linux only (/proc).
"""

import argparse
import os
import platform
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")
_DEADLINE_SECONDS = 20.0


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
    def rate(self) -> float:
        """Answers per second."""
        return len(self.seconds) / self.elapsed


class _Client:
    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._answer = b""
        self._asked = 0.0

    def ask(self) -> None:
        self._answer = b""
        self._asked = time.perf_counter()
        self.socket.sendall(self._request)

    def receive(self) -> float | None:
        """Return the seconds that the answer took, when it is complete."""
        self._answer += self.socket.recv(1 << 18)
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"unexpected answer: {head[:80]!r}")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        return time.perf_counter() - self._asked if len(body) >= length else None


def load(port: int, request: bytes, clients: int, answers: int) -> Load:
    """Let `clients` ask for `answers` in all."""
    taken: list[float] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            client = _Client(port, request)
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


def get(path: str) -> bytes:
    """Return a GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def post(body: str) -> bytes:
    """Return a POST request."""
    return f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_SECONDS


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process in MiB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def first_answer(port: int, request: bytes) -> None:
    """Ask until a whole answer comes."""
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while time.monotonic() < deadline:
        try:
            client = _Client(port, request)
            client.ask()
            while client.receive() is None:
                pass
        except ConnectionError:
            time.sleep(0.001)
        else:
            client.socket.close()
            return
    sys.exit(f"nothing answers on port {port}")


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `nundb-exporter` with these arguments."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nundb_exporter", *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def node(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the URL of the node to measure against; an embedded one where none is given."""
    if arguments.url:
        yield arguments.url
        return
    base = free_port()
    with running("devserver", "--nodes", "1", "--port-base", str(base), "--quiet"):
        first_answer(base + 3, post(""))
        yield f"http://127.0.0.1:{base + 3}"


def exporting(url: str, user: str, password: str, port: int) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run the exporter of a node on a port."""
    flags = ("--log.level", "error", "--web.listen-address", f"127.0.0.1:{port}")
    return running(*flags, NUN_URL=url, NUN_USER=user, NUN_PWD=password)


def measure(url: str, user: str, password: str) -> Iterator[tuple[str, str]]:
    """Yield rows of the table: what was measured, and the figure."""
    upstream = urlsplit(url).port or 80
    question = post(f"auth {user} {password};metrics-state")
    load(upstream, question, 1, 500)
    port = free_port()
    page = get("/metrics")
    whole_question = post(f"auth {user} {password};metrics-state;cluster-state;debug process-info;debug list-dbs")
    targets = ((upstream, question), (upstream, whole_question), (port, get("/-/healthy")), (port, page))
    starts = []
    for _ in range(5):
        begun = time.perf_counter()
        with exporting(url, user, password, port):
            first_answer(port, page)
            starts.append(time.perf_counter() - begun)
    with exporting(url, user, password, port) as exporter:
        first_answer(port, page)
        load(port, page, 1, 500)
        resident = resident_mib(exporter.pid)
        # In turn, because the machine's speed drifts; of three rounds the one with the fastest scrape.
        rounds = [[load(*target, clients=1, answers=2000) for target in targets] for _ in range(3)]
        bare, whole, health, single = min(rounds, key=lambda loads: loads[-1].percentile(0.5))
        begun = cpu_seconds(exporter.pid)
        many = load(port, page, 8, 10_000)
        cpu = (cpu_seconds(exporter.pid) - begun) / 10_000
        crowd = load(port, page, 32, 20_000)
        yield (
            "bare `auth;metrics-state`, 1 client: p50, p99",
            f"{bare.percentile(0.5):.3f} ms, {bare.percentile(0.99):.3f} ms",
        )
        yield "all commands of a scrape as bare requests: p50", f"{whole.percentile(0.5):.3f} ms"
        yield "the exporter's `/-/healthy`: p50", f"{health.percentile(0.5):.3f} ms"
        yield "scrape, 1 client: p50, p99", f"{single.percentile(0.5):.3f} ms, {single.percentile(0.99):.3f} ms"
        yield "ratio of the medians, scrape to bare request", f"{single.percentile(0.5) / bare.percentile(0.5):.1f}"
        yield "scrapes per second, 1 client", f"{single.rate:,.0f}"
        yield "scrape, 8 clients: p50, p99", f"{many.percentile(0.5):.3f} ms, {many.percentile(0.99):.3f} ms"
        yield "scrapes per second, 8 clients", f"{many.rate:,.0f}"
        yield "CPU per scrape, 8 clients", f"{cpu * 1000:.3f} ms"
        yield "scrapes per second, 32 clients, coalesced", f"{crowd.rate:,.0f}"
        yield (
            "resident memory, before and after 36,000 scrapes",
            f"{resident:.1f} MiB, {resident_mib(exporter.pid):.1f} MiB",
        )
    yield "start to first page, median of 5", f"{sorted(starts)[2] * 1000:.0f} ms"


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a node's HTTP address; default: an embedded node is started")
    parser.add_argument("--user", default=os.environ.get("NUN_USER", "nun"), help="default: NUN_USER, or nun")
    arguments = parser.parse_args()
    password = os.environ.get("NUN_PWD", "nun-pwd")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}\n")
    print("| measured | figure |\n|---|---|")
    with node(arguments) as url:
        for name, figure in measure(url, arguments.user, password):
            print(f"| {name} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
