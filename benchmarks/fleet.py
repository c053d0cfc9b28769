"""What a fleet costs one exporter: a thousand nodes every 15 s, some of them dead, a burst, and more until it breaks.

The nodes are a process of their own; so is the exporter. A busy machine makes answers late, so the exporter's processor
time is what to compare. Linux only (/proc).
"""

import argparse
import asyncio
import os
import platform
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from clients import cpu_seconds, first_answer, get, resident_mib, waited_seconds
from fleet_clients import Probe, Prober
from running import running

from nundb_devserver import free_port

_INTERVAL = 15.0
_BURST = 200
_CLIENTS = 32
_DOUBLINGS = 3
_BROKEN = 0.01
"""The share of probes that fail when it is said to have broken."""


class _Ports(NamedTuple):
    well: int
    hung: int
    dead: int
    """Where nobody listens."""
    away: int
    """Where a connection is never made, as by a machine that has gone: the listener's queue is full."""


class _Exporter(NamedTuple):
    pid: int
    prober: Prober

    @property
    def descriptors(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())


def _address(number: int) -> str:
    return f"127.{1 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def _targets(count: int, port: int, start: int = 0) -> list[str]:
    return [f"{_address(number)}:{port}" for number in range(start, start + count)]


def _milliseconds(values: Sequence[float]) -> str:
    ordered = sorted(values)
    shares = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
    return ", ".join(f"{value * 1000:,.1f}" for value in (*shares, ordered[-1])) + " ms"


@contextmanager
def _away() -> Iterator[int]:
    """Yield a port at which the kernel drops every further request for a connection."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        listener.bind(("", 0))
        listener.listen(0)
        port: int = listener.getsockname()[1]
        for filling in (first, second):
            filling.setblocking(False)
            filling.connect_ex(("127.0.0.1", port))
        yield port


class _Bench:
    """Prints a row for each load."""

    def __init__(self, exporter: _Exporter, ports: _Ports) -> None:
        self._exporter = exporter
        self._ports = ports
        self._cpu = 0.0
        self._waited = 0.0
        self._begun = 0.0

    def _start(self) -> None:
        self._cpu = cpu_seconds(self._exporter.pid)
        self._waited = waited_seconds(self._exporter.pid)
        self._begun = asyncio.get_running_loop().time()

    def _row(self, name: str, probes: Sequence[Probe]) -> bool:
        """Print what the probes of healthy nodes since the start were like, and return whether nearly all were well."""
        elapsed = asyncio.get_running_loop().time() - self._begun
        cpu = cpu_seconds(self._exporter.pid) - self._cpu
        waited = waited_seconds(self._exporter.pid) - self._waited
        failed = sum(not probe.is_up for probe in probes)
        statuses = "".join(f" {status}" for status in sorted({probe.status for probe in probes if not probe.is_up}))
        figures = (
            f"{len(probes):,}, {failed} failed{statuses}",
            _milliseconds([probe.seconds for probe in probes]),
            _milliseconds([probe.late for probe in probes]),
            f"{cpu / len(probes) * 1000:.2f} ms, {cpu / elapsed:.1%}",
            f"{waited / elapsed:.1%}",
            f"{resident_mib(self._exporter.pid):.1f} MiB, {self._exporter.descriptors}",
        )
        print(f"| {name} | {' | '.join(figures)} |", flush=True)
        return failed <= len(probes) * _BROKEN

    async def on_time(self, count: int) -> None:
        """All of them well, and then some of them not."""
        prober, ports = self._exporter.prober, self._ports
        targets = _targets(count, ports.well)
        self._start()
        self._row(f"{count:,} nodes every 15 s, first time", await prober.on_the_beat(targets, _INTERVAL))
        self._start()
        self._row("again, twice", await prober.on_the_beat(targets, _INTERVAL, 2))
        # A tenth of the fleet, spread over it evenly.
        share = max(count // 40, 1)
        ill = [*_targets(2 * share, ports.hung), *_targets(share, ports.dead), *_targets(share, ports.away)]
        for number, target in enumerate(ill):
            targets[number * count // len(ill)] = target
        self._start()
        probes = await prober.on_the_beat(targets, _INTERVAL, 2)
        self._row("5 % hung, 5 % dead, twice: the others", [each for each in probes if each.target not in ill])
        those = [each for each in probes if each.target in ill]
        told = sum(each.status == HTTPStatus.OK and not each.is_up for each in those)
        waited = _milliseconds([each.seconds for each in those])
        print(f"| … and those | {len(those)}, {told} told as down | {waited} | | | | |")

    async def burst(self) -> None:
        """All at once, some times."""
        targets = _targets(_BURST, self._ports.well)
        self._start()
        probes = [probe for _ in range(5) for probe in await self._exporter.prober.all_at_once(targets)]
        self._row(f"{_BURST} at once, five times", probes)

    async def most(self, count: int, probes: int) -> None:
        """As fast as it can, over kept connections."""
        self._start()
        found = await self._exporter.prober.in_turn(_targets(count, self._ports.well), probes, _CLIENTS)
        rate = len(found) / (asyncio.get_running_loop().time() - self._begun)
        self._row(f"{_CLIENTS} clients without a pause: {rate:,.0f}/s", found)

    async def until_it_breaks(self, count: int) -> None:
        """Twice as many every time, as long as nearly all are well."""
        is_well = True
        for _ in range(_DOUBLINGS):
            if not is_well:
                return
            count *= 2
            self._start()
            probes = await self._exporter.prober.on_the_beat(_targets(count, self._ports.well), _INTERVAL)
            is_well = self._row(f"{count:,} nodes every 15 s", probes)

    async def soak(self, count: int, probes: int) -> None:
        """Very many: memory and descriptors should not grow."""
        for _ in range(10):
            await self.most(count, probes // 10)


async def _measure(arguments: argparse.Namespace, pid: int, port: int, ports: _Ports) -> None:
    prober = Prober(port)
    print(f"| before the first probe | | | | | | {resident_mib(pid):.1f} MiB |")
    bench = _Bench(_Exporter(pid, prober), ports)
    if arguments.soak:
        await bench.soak(arguments.nodes, arguments.soak)
    else:
        await bench.on_time(arguments.nodes)
        await bench.burst()
        await bench.most(arguments.nodes, 5000)
        await bench.until_it_breaks(arguments.nodes)
    prober.close()


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1000, help="default: 1000")
    parser.add_argument("--soak", type=int, default=0, metavar="PROBES", help="only so many probes, and the memory")
    arguments = parser.parse_args()
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, load {os.getloadavg()[0]:.1f}"
    print(f"Python {platform.python_version()}, {machine}. Of times: median, 99th percentile, longest.")
    print("Waited: the share of the time for which the exporter could have run, and others had the processors.\n")
    print(
        "| load | probes | answered after | sent late by | processor time: a probe, in all | waited | memory, files |"
    )
    print("|---|---|---|---|---|---|---|")
    port = free_port()
    with _away() as away, tempfile.TemporaryDirectory() as folder:
        ports = _Ports(free_port(), free_port(), free_port(), away)
        config = Path(folder, "exporter.yml")
        allow = ", ".join(f'"127.0.0.0/8:{each}"' for each in ports)
        config.write_text(f"targets: {{nodes: [], allow: [{allow}]}}\n", encoding="utf-8")
        nodes = (sys.executable, str(Path(__file__).with_name("fleet_nodes.py")), str(ports.well), str(ports.hung))
        listen = ("--log.level", "error", "--web.listen-address", f"127.0.0.1:{port}")
        exporter = (sys.executable, "-m", "nundb_exporter", "--config.file", str(config), *listen)
        login = {"NUN_USER": "nun", "NUN_PWD": "nun-pwd"}
        with running(*nodes), running(*exporter, environment=login) as process:
            first_answer(port, get("/-/healthy"))
            asyncio.run(_measure(arguments, process.pid, port, ports))


if __name__ == "__main__":
    main()
