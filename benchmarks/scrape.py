"""What a scrape costs, compared with a bare request to the node, in time, CPU and memory.

Everything is measured in one run, because machines differ and drift: read the ratios. With `--beside`, another version
is measured in turn with this one; exporters of other databases are too, where they are installed. Linux only (/proc).
"""

import argparse
import importlib
import os
import platform
import shutil
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import trustme
from clients import Load, answer, cpu_seconds, first_answer, get, load, post, resident_mib
from running import running

from nundb_devserver import free_port, free_row

_PAGE = get("/metrics")
_FORMS = {
    "plain": _PAGE,
    "gzip": get("/metrics", "Accept-Encoding: gzip"),
    "OpenMetrics": get("/metrics", "Accept: application/openmetrics-text; version=1.0.0"),
}
_CLIENTS = (1, 8, 32)
_ROUNDS = 3
_STARTS = 5


class _Node(NamedTuple):
    port: int
    url: str
    user: str
    password: str

    def question(self, *commands: str) -> bytes:
        """Return a request with these commands."""
        return post(";".join([f"auth {self.user} {self.password}", *commands]))


@contextmanager
def _node(arguments: argparse.Namespace) -> Iterator[_Node]:
    """Yield the node to measure against; an embedded one where none is given."""
    password = os.environ.get("NUN_PWD", "nun-pwd")
    if arguments.url:
        yield _Node(urlsplit(arguments.url).port or 80, arguments.url, arguments.user, password)
        return
    base = free_row(5)
    words = ("devserver", "--nodes", "1", "--port-base", str(base), "--quiet")
    with running(sys.executable, "-m", "nundb_exporter", *words):
        first_answer(base + 3, post(""))
        yield _Node(base + 3, f"http://127.0.0.1:{base + 3}", arguments.user, password)


class _Exporter:
    """One version of the exporter."""

    def __init__(self, python: str, node: _Node, tls: ssl.SSLContext | None = None, **environment: str) -> None:
        self._python = python
        self.tls = tls
        self._node = node
        self._environment = environment
        self.port = free_port()
        self.pid = 0

    @contextmanager
    def running(self, *flags: str) -> Iterator[None]:
        """Run it, from its start to its first page and on."""
        listen = ("--log.level", "error", "--web.listen-address", f"127.0.0.1:{self.port}")
        settings = {"NUN_URL": self._node.url, "NUN_USER": self._node.user, "NUN_PWD": self._node.password}
        command = (self._python, "-m", "nundb_exporter", *listen, *flags)
        with running(*command, environment=settings | self._environment) as process:
            first_answer(self.port, _PAGE, self.tls)
            self.pid = process.pid
            yield

    def start(self) -> tuple[float, float]:
        """Return the milliseconds from its start to its first page, and those of them on a processor."""
        begun = time.perf_counter()
        with self.running():
            return (time.perf_counter() - begun) * 1000, cpu_seconds(self.pid) * 1000


Row = tuple[str, list[str]]


def _starts(name: str, exporters: list[_Exporter]) -> Row:
    rounds = [[exporter.start() for exporter in exporters] for _ in range(1 + _STARTS)][
        1:
    ]  # the first writes byte code
    middle = [statistics.median_low(taken) for taken in zip(*rounds, strict=True)]
    return name, [f"{wall:.0f} ms, {cpu:.0f} ms" for wall, cpu in middle]


def _best(asked: list[Callable[[], Load]]) -> list[Load]:
    """Return the fastest of some rounds of each, taken in turn, because the machine's speed drifts."""
    rounds = [[ask() for ask in asked] for _ in range(_ROUNDS)]
    return [min(loads, key=lambda taken: taken.median) for loads in zip(*rounds, strict=True)]


def _cost(exporter: _Exporter, request: bytes, clients: int, answers: int) -> tuple[Load, float]:
    """Return the answers, and the milliseconds on a processor that each cost the exporter."""
    begun = cpu_seconds(exporter.pid)
    taken = load(exporter.port, request, clients, answers, exporter.tls)
    return taken, (cpu_seconds(exporter.pid) - begun) / answers * 1000


def _scrapes(node: _Node, exporters: list[_Exporter], answers: int, soak: int) -> Iterator[Row]:
    resident = [resident_mib(exporter.pid) for exporter in exporters]
    bare_request = node.question("metrics-state")
    whole_request = node.question("metrics-state", "cluster-state", "debug process-info", "debug list-dbs")
    bare, whole, *singles = _best(
        [
            lambda: load(node.port, bare_request, 1, answers),
            lambda: load(node.port, whole_request, 1, answers),
            *((lambda port=each.port: load(port, _PAGE, 1, answers)) for each in exporters),
        ]
    )
    yield "bare `auth;metrics-state`, 1 client", [str(bare)] * len(exporters)
    yield "all commands of a scrape as one bare request, 1 client", [str(whole)] * len(exporters)
    healthy = get("/-/healthy")
    yield "the exporter's `/-/healthy`, 1 client", [str(load(each.port, healthy, 1, answers)) for each in exporters]
    yield "ratio of the medians, scrape to bare request", [f"{each.median / bare.median:.1f}" for each in singles]
    for form, request in _FORMS.items():
        yield from _answers(form, request, exporters, answers)
    yield _memory("", resident, exporters, soak)


def _answers(form: str, request: bytes, exporters: list[_Exporter], answers: int) -> Iterator[Row]:
    """Yield what one form of the page costs, for each number of clients."""
    for clients in _CLIENTS:
        count = answers * (5 if clients > 1 else 1)
        # In turn, because the machine's speed drifts; of three rounds the fastest.
        rounds = [[_cost(exporter, request, clients, count) for exporter in exporters] for _ in range(_ROUNDS)]
        columns = list(zip(*rounds, strict=True))
        name = f"scrape, {form}, {clients} client{'s' if clients > 1 else ''}"
        yield name, [str(min((taken for taken, _ in column), key=lambda taken: taken.median)) for column in columns]
        yield "CPU of it", [f"{min(cpu for _, cpu in column):.3f} ms" for column in columns]


def _memory(kind: str, before: list[float], exporters: list[_Exporter], soak: int) -> Row:
    for exporter in exporters:
        load(exporter.port, _PAGE, 32, soak, exporter.tls)
    pairs = [f"{first:.1f}, {resident_mib(each.pid):.1f} MiB" for first, each in zip(before, exporters, strict=True)]
    return f"resident memory{kind} at the first page, and after {soak:,} scrapes more by 32 clients", pairs


def _tls(node: _Node, answers: int, soak: int) -> Iterator[Row]:
    """Yield what TLS costs."""
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with tempfile.TemporaryDirectory() as folder:
        pem, config = Path(folder, "exporter.pem"), Path(folder, "web.yml")
        authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
        config.write_text(f"tls_server_config:\n  cert_file: {pem}\n  key_file: {pem}\n", encoding="utf-8")
        exporter = _Exporter(sys.executable, node, context)
        with exporter.running("--web.config.file", str(config)):
            resident = [resident_mib(exporter.pid)]
            yield from _answers("TLS", _PAGE, [exporter], answers)
            yield _memory(" with TLS", resident, [exporter], soak)


def _pending(pythons: list[str]) -> Iterator[Row]:
    """Yield what 100,000 pending operations cost."""
    port = free_port()
    node = _Node(port, f"http://127.0.0.1:{port}", "nun", "nun-pwd")
    with running(sys.executable, str(Path(__file__).with_name("pending_node.py")), str(port)):
        question = node.question("debug pending-ops")
        first_answer(port, question)
        own = load(port, question, 1, 10).median
        figures = []
        for python in pythons:
            exporter = _Exporter(python, node)
            with exporter.running("--collector.pending.max-operations", "1000000"):
                if b'collector_success{collector="pending"} 1' not in answer(exporter.port, _PAGE):
                    sys.exit("the pending operations are not on the page")
                figures.append(f"{load(exporter.port, _PAGE, 1, 10).median - own:.0f} ms")
    yield f"100,000 pending operations, median over the node's own {own:.0f} ms", figures


def _peers(answers: int) -> Iterator[str]:
    """Yield a line for each exporter of something else that is installed."""
    port, other = free_port(), free_port()
    listen = f"--web.listen-address=127.0.0.1:{port}"
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as modules:
        modules.write("modules:\n  http_2xx:\n    prober: http\n")
        modules.flush()
        redis = ["redis-server", "--port", str(other), "--save", ""]
        http = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(other)]
        probe = f"/probe?module=http_2xx&target=http://127.0.0.1:{other}/"
        known = (
            (redis, ["prometheus-redis-exporter", listen, f"--redis.addr=redis://127.0.0.1:{other}"], "/metrics"),
            (http, ["prometheus-blackbox-exporter", listen, f"--config.file={modules.name}"], probe),
        )
        for database, exporter, path in known:
            if not (shutil.which(database[0]) and shutil.which(exporter[0])):
                yield f"{exporter[0]}: not installed"
                continue
            with running(*database, is_quiet=True), running(*exporter, is_quiet=True) as process:
                first_answer(port, get(path))
                first = resident_mib(process.pid)
                begun = cpu_seconds(process.pid)
                taken = load(port, get(path), 1, answers)
                cpu = (cpu_seconds(process.pid) - begun) / answers * 1000
                many = load(port, get(path), 8, answers)
                yield (
                    f"`{' '.join(exporter)}`: 1 client {taken}, {cpu:.3f} ms of CPU; 8 clients {many}; resident "
                    f"{first:.1f}, then {resident_mib(process.pid):.1f} MiB"
                )


@contextmanager
def _without_byte_code() -> Iterator[str]:
    """Yield a directory that holds the exporter and click without byte code, as a wheel that nobody has compiled."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("nundb_exporter", "nundb_devserver", "click"):
            source = Path(str(importlib.import_module(name).__file__)).parent
            shutil.copytree(source, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
        yield folder


def _print(row: Row) -> None:
    name, figures = row
    print(f"| {name} | {' | '.join(figures)} |", flush=True)


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a node's HTTP address; default: an embedded node is started")
    parser.add_argument("--user", default=os.environ.get("NUN_USER", "nun"), help="default: NUN_USER, or nun")
    parser.add_argument("--answers", type=int, default=2000, help="of one client at a time; default: 2000")
    parser.add_argument("--soak", type=int, default=100_000, help="scrapes before memory is looked at; default: 100000")
    parser.add_argument(
        "--beside", action="append", default=[], metavar="PYTHON", help="of another version; repeatable"
    )
    arguments = parser.parse_args()
    pythons = [sys.executable, *arguments.beside]
    others = ["–"] * len(arguments.beside)  # noqa: RUF001 - as tables of numbers have it
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, load {os.getloadavg()[0]:.1f}"
    print(f"Python {platform.python_version()}, {machine}. Of answers: median, 99th percentile, answers per second.\n")
    _print(("measured", pythons))
    _print(("---", ["---"] * len(pythons)))
    with _node(arguments) as node, ExitStack() as started:
        load(node.port, node.question("metrics-state"), 1, 500)
        exporters = [_Exporter(python, node) for python in pythons]
        _print(_starts("start to first page; CPU of it", exporters))
        with _without_byte_code() as folder:
            bare = _Exporter(sys.executable, node, None, PYTHONPATH=folder, PYTHONDONTWRITEBYTECODE="1")
            name, figures = _starts("the same without byte code, on a file system that nothing is written to", [bare])
            _print((name, figures + others))
        for exporter in exporters:
            started.enter_context(exporter.running())
        for row in _scrapes(node, exporters, arguments.answers, arguments.soak):
            _print(row)
        for name, figures in _tls(node, arguments.answers, arguments.soak):
            _print((name, figures + others))
    for row in _pending(pythons):
        _print(row)
    print()
    for line in _peers(arguments.answers):
        print(f"- {line}", flush=True)


if __name__ == "__main__":
    main()
