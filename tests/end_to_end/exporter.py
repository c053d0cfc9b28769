"""The exporter under test: as a library within the test, and as a process; and a client that reads its pages."""

import asyncio
import contextlib
import dataclasses
import os
import re
import signal
import sysconfig
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import Target, Web, parse_endpoint
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.scrape import Scraper
from nundb_exporter.web import Server
from tests.clock import Clock

from .scripted import PASSWORD, USER, ScriptedNode

PROGRAM: Final = Path(sysconfig.get_path("scripts")) / "nundb-exporter"
PATIENCE_SECONDS: Final = 60.0
"""How long anything may take that a test waits for: reaching it is a failure."""
TIMEOUT_HEADER: Final = "X-Prometheus-Scrape-Timeout-Seconds"
SHORT: Final = "2"
"""The seconds that a scraper gives to a node that hangs from the beginning."""
LONG: Final = "20"
"""The seconds that it gives to one that first has to answer something: `meet_deadline` skips them."""
OFFSET_SECONDS: Final = 1.6
"""What the exporters here keep for the way back."""


def target(url: str, *databases: str, **changes: Any) -> Target:  # noqa: ANN401 - the fields of Target
    """Return a node's settings: every collector at its default, and each database with the token `<name>-token`."""
    plain = Target(
        endpoint=parse_endpoint("NUN_URL", url),
        credentials=Credentials(USER, Secret(PASSWORD)),
        collectors=tuple(collector.name for collector in COLLECTORS if collector.is_default),
        databases=tuple(DatabaseAccess(name, Secret(f"{name}-token")) for name in databases),
    )
    return dataclasses.replace(plain, **changes)


@dataclasses.dataclass(frozen=True)
class Page:
    """An answer of the exporter."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body, as text."""
        return self.body.decode()

    @property
    def samples(self) -> dict[tuple[str, ...], float]:
        """Each sample's value by its name and the values of its labels, in the order of their names."""
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    @property
    def is_up(self) -> bool:
        """Whether the page says that the node is up, and no reason why not."""
        assert self.status == 200
        return self.samples["nundb_up",] == 1 and not self.reasons

    @property
    def reasons(self) -> list[str]:
        """The reasons that the page gives for a failure."""
        return [key[1] for key, value in self.samples.items() if key[0] == "nundb_scrape_failure" and value]

    @property
    def failed_collectors(self) -> set[str]:
        """The collectors that the page says have failed."""
        return {
            key[1] for key, value in self.samples.items() if key[0] == "nundb_scrape_collector_success" and not value
        }

    @property
    def node_families(self) -> set[str]:
        """The names of the families that only an answer of the node can give."""
        own = ("nundb_up", "nundb_scrape_", "nundb_exporter_", "process_", "python_")
        return {key[0] for key in self.samples if not key[0].startswith(own)}


async def fetch(
    url: str, *, timeout_header: str | None = None, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Page:
    """Ask for a page, on a connection of its own; compressed bodies stay as they are."""
    own = {"Accept-Encoding": "identity", **({TIMEOUT_HEADER: timeout_header} if timeout_header else {})}
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        aiohttp.ClientSession(auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)) as session,
        session.request(method, url, headers={**own, **(headers or {})}) as response,
    ):
        return Page(response.status, response.headers, await response.read())


@contextlib.asynccontextmanager
async def serving(node: Target, **web: Any) -> AsyncIterator[str]:  # noqa: ANN401 - the fields of Web
    """Serve a node's metrics within this process, and yield the URL of the exporter."""
    server = Server(Scraper(node), Web(listen=(("127.0.0.1", 0),), timeout_offset=OFFSET_SECONDS, **web))
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


async def until(claim: Callable[[], bool]) -> None:
    """Wait until the claim is true; that it never is, is a failure."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not claim():
            await asyncio.sleep(0.005)


def environment(url: str | None, **changes: str | None) -> dict[str, str]:
    """Return the three variables and what a process needs, some changed; None removes one."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("NUN", "_NUN"))}
    own = {"NUN_URL": url, "NUN_USER": USER, "NUN_PWD": PASSWORD, **changes}
    return inherited | {name: value for name, value in own.items() if value is not None}


@dataclasses.dataclass(frozen=True)
class Ended:
    """A command that has come to its end."""

    code: int
    stdout: str
    stderr: str


async def run(*arguments: str, url: str | None = None, **variables: str | None) -> Ended:
    """Run `nundb-exporter` to its end."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        env=environment(url, **variables),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            stdout, stderr = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Ended(process.returncode, stdout.decode(), stderr.decode())


_SERVES: Final = re.compile(r"serves \S+ on (http://[^/\s]+)/")


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
