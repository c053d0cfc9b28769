"""An exporter as a program of its own, as users have it, for drills that stop it or have it read its settings again."""

import asyncio
import re
import signal
from contextlib import suppress
from pathlib import Path

import aiohttp

from nundb_devserver import HOST, Node
from tests.wire.ending import WITH_US
from tests.wire.waiting import eventually

from .exporters import ACCESSES, ADMINISTRATOR, Exporter
from .program import PROGRAM, configuration, environment

_END_SECONDS = 20.0


class ExporterProgram(Exporter):
    """An exporter of one node as users have it, with its settings in a directory of its own."""

    def __init__(
        self,
        node: Node,
        port: int,
        collectors: tuple[str, ...],
        directory: Path,
        log: Path | None = None,
        *,
        reads_files: bool = False,
    ) -> None:
        super().__init__((node,), port, collectors, log=log, reads_files=reads_files)
        directory.mkdir()
        self.settings = configuration(directory, ACCESSES, collectors=list(collectors))
        """Its configuration file."""
        self.log = log
        self._errors = directory / "errors"
        self._arguments = (
            *("--nundb.url", node.http_url, "--config.file", str(self.settings), "--collector.host"),
            *("--web.listen-address", f"{HOST}:{port}"),
            *(("--collector.log", "--nundb.log.path", str(log)) if log is not None else ()),
            *(("--collector.files", "--nundb.data-dir", str(node.data)) if reads_files else ()),
        )
        self._process: asyncio.subprocess.Process | None = None

    @property
    def is_running(self) -> bool:
        """Whether it listens."""
        return self._process is not None

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        with self._errors.open("a") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(*WITH_US, *PROGRAM, *self._arguments),
                env=environment(ADMINISTRATOR),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
            )
        await eventually(self._is_ready, lambda is_ready: is_ready)

    async def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            process, self._process = self._process, None
            try:
                await asyncio.wait_for(process.wait(), _END_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def lag(self) -> int:
        """Return how many bytes of the log it has not read, as its page says."""
        async with aiohttp.ClientSession() as session, session.get(f"http://{self.address}/metrics") as response:
            found = re.search(r"^nundb_log_lag_bytes (\S+)$", await response.text(), re.MULTILINE)
        return int(float(found[1])) if found else 0

    async def _is_ready(self) -> bool:
        with suppress(aiohttp.ClientError):
            async with aiohttp.ClientSession() as session, session.get(f"http://{self.address}/-/ready") as response:
                return response.ok
        return False
