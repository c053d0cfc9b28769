"""How fast Nun-db's log is read, in each format, compared with `cat` and with one regular expression per line.

Everything is measured in one run and on one core, because machines differ and drift: read the ratios. Rates are lines a
second of processor time, the median of three runs; memory is the largest resident size.
"""

import argparse
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from nundb_exporter.log.follow import CHUNK
from nundb_exporter.log.reader import Reader
from nundb_exporter.log.tally import Tally
from nundb_exporter.log.threads import OwnCommands

_RUNS: Final = 3
_THREADS: Final = tuple(range(140_572_505_466_560, 140_572_505_466_564))
_LINE: Final = re.compile(
    rb"\[(\S+) nundb::process_request\] \[(\d+)\] Server processed message '(\S+) ?(\S*).*' in ([\d.]+)(\S+)\n"
)


def lines(count: int, keys: int) -> Iterator[str]:
    """Yield the lines of HTTP requests, each with three commands, on so many different keys."""
    chance = random.Random(1)  # noqa: S311 - the same log in every run
    for number in range(count):
        key = chance.randrange(keys)
        texts = ("use-db shop ****", f"get key:{key}" if number % 15 else f"set key:{key} {'v' * 40}", "unwatch-all")
        nanoseconds = int(chance.lognormvariate(9.2, 1.2))
        time = f"2026-11-25T15:{number // 600_000 % 60:02d}:{number // 10_000 % 60:02d}.{number % 10_000:09d}Z"
        yield (
            f"[{time} nundb::process_request] [{_THREADS[number // 3 % 4]}] Server processed message "
            f"'{texts[number % 3]}' in {nanoseconds / 1000:.12g}µs\n"
        )


def write(path: Path, count: int, keys: int, line: Callable[[str], str] = str) -> Path:
    """Write a log, each line in the form that `line` gives it."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line(each) for each in lines(count, keys))
    return path


def cri(line: str) -> str:
    """Return a line as containerd keeps it."""
    return f"2026-11-25T16:05:41.801821506Z stdout F {line}"


def docker(line: str) -> str:
    """Return a line as Docker keeps it."""
    return f'{{"log":"{line[:-1]}\\n","stream":"stdout","time":"2026-11-25T16:05:41.801821506Z"}}\n'


def export(line: str) -> str:
    """Return a line as `journalctl -o export` prints it."""
    return f"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795622742001420\nPRIORITY=6\nMESSAGE={line}_PID=1\n_COMM=nun-db\n\n"


def read_with_a_regex_per_line(path: Path) -> None:
    """Read the log as a short script would."""
    counts: dict[bytes, int] = {}
    seconds: dict[bytes, float] = {}
    with path.open("rb") as file:
        for line in file:
            if found := _LINE.match(line):
                counts[found[3]] = counts.get(found[3], 0) + 1
                seconds[found[3]] = seconds.get(found[3], 0.0) + float(found[5])


def read(path: Path, own: OwnCommands | None = None) -> None:
    """Read the log as the exporter does."""
    reader = Reader("auto", Tally(own))
    descriptor = os.open(path, os.O_RDONLY)
    while data := os.read(descriptor, CHUNK):
        reader.feed(data)
    reader.end()


WAYS: Final[dict[str, Callable[[Path], None]]] = {
    "regex": read_with_a_regex_per_line,
    "exporter": read,
    "without-own": lambda path: read(path, OwnCommands()),
}


def measure(way: str, path: Path) -> tuple[float, float]:
    """Return the seconds of processor time, and the MiB of memory, that one way takes, each in a process of its own."""
    seconds, memory = [], 0.0
    command = ["cat", str(path)] if way == "cat" else [sys.executable, __file__, "--way", way, str(path)]
    for _ in range(_RUNS):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0  # waited for above
        seconds.append(usage.ru_utime + usage.ru_stime)
        memory = max(memory, usage.ru_maxrss / 1024)
    return statistics.median(seconds), memory


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_200_000)
    parser.add_argument("--way", choices=WAYS, help="only read the log that is named, in this way")
    parser.add_argument("log", nargs="?", type=Path)
    arguments = parser.parse_args()
    if arguments.way is not None:
        WAYS[arguments.way](arguments.log)
        return
    count = arguments.lines
    with tempfile.TemporaryDirectory() as directory:
        plain = write(Path(directory, "plain"), count, 200)
        many = write(Path(directory, "many"), count, 10_000_000)
        few = write(Path(directory, "few"), count // 4, 200)
        rows = [
            ("`cat`", "cat", plain, count),
            ("a script with a regular expression per line", "regex", plain, count),
            ("the exporter, 200 keys", "exporter", plain, count),
            ("the exporter, a quarter of the log", "exporter", few, count // 4),
            ("the exporter, ten million keys", "exporter", many, count),
            ("the exporter, without its own commands", "without-own", plain, count),
        ]
        for name, form in (("containerd", cri), ("Docker", docker), ("journald export", export)):
            path = write(Path(directory, name), count, 200, form)
            rows.append((f"the exporter, {name}", "exporter", path, count))
        start, _ = measure("exporter", Path(os.devnull))
        print(f"{count:,} lines, {plain.stat().st_size / 2**20:.0f} MiB; starting Python ({start:.2f} s) left out\n")
        print("| way | lines/s | MiB/s | memory, MiB |")
        print("|---|---|---|---|")
        for name, way, path, number in rows:
            seconds, memory = measure(way, path)
            net = max(seconds - (0 if way == "cat" else start), 0.001)
            size = path.stat().st_size / 2**20
            print(f"| {name} | {number / net:,.0f} | {size / net:,.0f} | {memory:.0f} |", flush=True)
    others = [name for name in ("mtail", "grok_exporter", "vector", "fluent-bit") if shutil.which(name)]
    print(f"\nOther programs for logs on this machine: {', '.join(others) or 'none'}.")
    print(
        f"Load: {os.getloadavg()[0]:.1f}. Memory of this script: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}."
    )


if __name__ == "__main__":
    main()
