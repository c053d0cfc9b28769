"""Prometheus for the demo: its configuration, and its process, which ends when ours ends, even by SIGKILL."""

import asyncio
import shutil
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import yaml

from nundb_devserver import HOST

BINARY: Final = "prometheus"
_IS_READY: Final = "ready to receive web requests"
"""Prometheus logs it at level info when everything is up, since 1.x."""
_READY_SECONDS: Final = 60.0
_INSTALLERS: Final = {"apt-get": "sudo apt-get install prometheus", "brew": "brew install prometheus"}
_INTERVAL: Final = "1s"
"""Short, so that charts and alerts follow at once."""
_KEEPER: Final = """
"$@" &
child=$!
exec >/dev/null 2>&1
read -r nothing
kill -9 "$child"
wait "$child"
"""
"""A shell that waits for the end of a pipe from us. When we end, or are killed, it ends its child, and then itself.

It closes its standard error, so that our end of the pipe ends with the child. It needs nothing on PATH.
"""


class FailedError(Exception):
    """Prometheus did not start; the text is the last line of its log."""


def find() -> str | None:
    """Return where the program is, or None where it is not installed."""
    return shutil.which(BINARY)


def how_to_install() -> str:
    """Return the command that installs the program, or where to find it."""
    for manager, command in _INSTALLERS.items():
        if shutil.which(manager):
            return command
    return "https://prometheus.io/download"


def configuration(targets: Mapping[str, str], rule_files: list[str]) -> dict[str, Any]:
    """Return the configuration that scrapes `targets`, addresses by the name that they shall have in charts."""
    return {
        "global": {"scrape_interval": _INTERVAL, "scrape_timeout": _INTERVAL, "evaluation_interval": _INTERVAL},
        "rule_files": rule_files,
        "scrape_configs": [
            {
                "job_name": "nundb",
                "static_configs": [
                    {"targets": [address], "labels": {"instance": name}} for name, address in targets.items()
                ],
            }
        ],
    }


def graph(address: str, *expressions: str) -> str:
    """Return the URL of a page that draws expressions over the last five minutes."""
    query: dict[str, str] = {}
    for number, expression in enumerate(expressions):
        query |= {f"g{number}.expr": expression, f"g{number}.tab": "0", f"g{number}.range_input": "5m"}
    return f"http://{address}/graph?{urlencode(query)}"


class Prometheus:
    """A Prometheus that keeps everything in `directory`."""

    def __init__(self, binary: str, directory: Path, port: int) -> None:
        self.address = f"{HOST}:{port}"
        self._binary = binary
        self._directory = directory
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._last: deque[str] = deque(maxlen=1)
        self._is_ready = asyncio.Event()

    async def start(self, settings: Mapping[str, Any], rules: Mapping[str, str]) -> None:
        """Start it with a configuration and files of rules, and return when it answers.

        Raises:
            FailedError: it ends, or is not ready in time.
        """
        self._directory.mkdir(parents=True)
        for name, text in rules.items():
            (self._directory / name).write_text(text, encoding="utf-8")
        file = self._directory / "prometheus.yml"
        file.write_text(yaml.safe_dump(dict(settings), sort_keys=False), encoding="utf-8")
        spawning = asyncio.create_task(self._spawn(file))
        try:
            process = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            await spawning  # a process that we do not know could not be ended
            raise
        self._reader = asyncio.create_task(self._read(process.stderr))
        ready = asyncio.create_task(self._is_ready.wait())
        await asyncio.wait({ready, self._reader}, timeout=_READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if not self._is_ready.is_set():
            last = "".join(self._last) or f"not ready within {_READY_SECONDS:g} s"
            await self.stop()
            raise FailedError(last)

    async def _spawn(self, file: Path) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            _KEEPER,
            "keeper",
            self._binary,
            f"--config.file={file}",
            f"--storage.tsdb.path={self._directory / 'data'}",
            f"--web.listen-address={self.address}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours to deal with
        )
        return self._process

    async def stop(self) -> None:
        """End it, if it runs."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            await process.wait()
        if self._reader is not None:
            await self._reader

    async def _read(self, log: asyncio.StreamReader | None) -> None:
        """Read the log to its end: a full pipe would stop the program."""
        while log is not None:
            try:
                line = await log.readline()
            except ValueError:  # longer than asyncio's limit
                continue
            if not line:
                return
            text = line.decode(errors="replace").strip()
            self._last.append(text)
            if _IS_READY in text:
                self._is_ready.set()
