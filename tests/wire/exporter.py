"""The exporter under test: as a library within the test, and as a process."""

import asyncio
import contextlib
import dataclasses
import re
import signal
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Final, Self

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import Module, Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.sources import Source
from nundb_exporter.web import Server

from .clock import Clock
from .pages import Page, fetch
from .program import PROGRAM, environment
from .replies import PASSWORD, USER
from .scripted import ScriptedNode
from .waiting import PATIENCE_SECONDS, until

SHORT: Final = "2"
"""The seconds that a scraper gives to a node that hangs from the beginning."""
LONG: Final = "20"
"""The seconds that it gives to one that first has to answer something: `meet_deadline` skips them."""
OFFSET_SECONDS: Final = 1.6
"""What the exporters here keep for the way back."""


def target(url: str, *databases: str, **changes: Any) -> Target:  # noqa: ANN401 - the fields of Module
    """Return a node's settings: every collector at its default, and each database with the token `<name>-token`."""
    plain = Module(
        credentials=Credentials(USER, Secret(PASSWORD)),
        collectors=tuple(collector.name for collector in COLLECTORS if collector.is_default),
        databases=tuple(DatabaseAccess(name, Secret(f"{name}-token")) for name in databases),
    )
    return Target(parse_endpoint("NUN_URL", url), dataclasses.replace(plain, **changes))


@contextlib.asynccontextmanager
async def serving(node: Target, port: int = 0, **web: Any) -> AsyncIterator[str]:  # noqa: ANN401 - the fields of Web
    """Serve a node's metrics within this process, and yield the URL of the exporter."""
    async with serving_fleet(Fleet.of(node), port, **web) as url:
        yield url


@contextlib.asynccontextmanager
async def serving_fleet(
    fleet: Fleet,
    port: int = 0,
    *,
    sources: Sequence[Source] = (),
    **web: Any,  # noqa: ANN401 - the fields of Web
) -> AsyncIterator[str]:
    """Serve the nodes of a fleet within this process, and yield the URL of the exporter."""
    server = Server(fleet, Web(listen=(("127.0.0.1", port),), timeout_offset=OFFSET_SECONDS, **web), sources)
    (address,) = server.start()
    try:
        yield f"http://{address}"
    finally:
        await server.stop()


async def scrape(node: Target, timeout_header: str = LONG) -> Page:
    """Return the page of metrics that an exporter of this node gives."""
    async with serving(node) as url:
        return await fetch(f"{url}/metrics", timeout_header=timeout_header)


async def meet_deadline(url: str, node: ScriptedNode, clock: Clock, questions: int = 1) -> Page:
    """Scrape a node that lets so many questions wait for ever: as soon as it does, the exporter's time is over."""
    asking = asyncio.create_task(fetch(f"{url}/metrics", timeout_header=LONG))
    for number in range(questions):
        await until(lambda number=number: node.hanging > number)  # type: ignore[misc]
        clock.skip((float(LONG) - OFFSET_SECONDS) / questions)
    return await asking


_SERVES: Final = re.compile(r"serves \S+(?: nodes)? on (https?://[^/\s]+)/")


class Exporter:
    """`nundb-exporter` as a process; use it as an asynchronous context manager.

    `starter` are the words of a command that starts the command which follows, such as `env`.
    """

    def __init__(
        self,
        url: str,
        *arguments: str,
        listen: str = "127.0.0.1:0",
        starter: Sequence[str] = (),
        **variables: str | None,
    ) -> None:
        self._starter = starter
        self._arguments = ("--web.listen-address", listen, "--timeout-offset", str(OFFSET_SECONDS), *arguments)
        self._environment = environment(url, **variables)
        self._lines: list[str] = []
        self._readers: list[asyncio.Task[None]] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._starter,
            PROGRAM,
            *self._arguments,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            self._readers.append(asyncio.create_task(self._read(stream)))
        try:
            await until(lambda: _SERVES.search(self.output) is not None or self._readers[1].done())
            found = _SERVES.search(self.output)
            assert found, self.output
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        self.url = found[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()

    async def _read(self, stream: asyncio.StreamReader) -> None:
        async for line in stream:
            self._lines.append(line.decode())

    @property
    def output(self) -> str:
        """All that it has written so far, to standard output and standard error."""
        return "".join(self._lines)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    async def metrics(self, timeout_header: str | None = None, **headers: str) -> Page:
        """Scrape it; a header's `_` stands for a hyphen."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return await fetch(f"{self.url}/metrics", timeout_header=timeout_header, headers=given)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Wait for its end and return its exit code."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await self._process.wait()
            await asyncio.gather(*self._readers)
        return code
