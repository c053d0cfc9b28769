"""/slow: the slowest commands of the node's log, where it is read."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from nundb_exporter.log.settings import HIDE, SHOW, LogSettings
from nundb_exporter.log.source import LogSource
from tests.log.writing import request
from tests.wire.exporter import serving, target

NODE = "http://127.0.0.1:1"
"""Nobody answers there: the log is read without the node."""


@asynccontextmanager
async def reading(log: Path, keys: str = SHOW) -> AsyncIterator[str]:
    """Serve what such a log says, and yield where."""
    source = LogSource(LogSettings(str(log), is_from_start=True, keys=keys))
    source.read_to_end()
    async with serving(target(NODE), sources=[source]) as url:
        yield f"{url}/slow"


async def fetched(url: str, accept: str = "*/*") -> tuple[int, str, str]:
    """Return status, type and text."""
    async with aiohttp.ClientSession() as session, session.get(url, headers={"Accept": accept}) as answer:
        return answer.status, answer.content_type, await answer.text()


async def test_the_slowest_commands_are_a_table_of_text(tmp_path: Path) -> None:
    """What `nundb-exporter slow` prints, without values, and with nothing invisible in a key."""
    log = tmp_path / "log"
    log.write_bytes(
        request(1, "use-db shop token-1") + request(2, "get k", "1.5s") + request(3, "set \x1b[31mk secret")
    )
    async with reading(log) as url:
        status, kind, text = await fetched(url)
    lines = text.splitlines()
    assert (status, kind) == (200, "text/plain")
    assert lines[0].split() == ["DURATION", "COMMAND", "DATABASE", "KEY", "WHEN"]
    assert lines[1].split() == ["1.5", "s", "get", "shop", "k", "2026-11-25T15:35:00.000000002Z"]
    assert lines[5].split() == ["TOTAL", "COMMAND", "DATABASE", "KEY", "COUNT", "MEDIAN", "P99"]
    assert [part for part in ("\x1b", "secret", "token-1") if part in text] == []


async def test_they_are_json_for_whom_asks_for_it(tmp_path: Path) -> None:
    """With the texts that the landing page shows; keys are hidden where the exporter is told so."""
    log = tmp_path / "log"
    log.write_bytes(request(1, "get k", "1.5s"))
    async with reading(log, HIDE) as url:
        status, kind, text = await fetched(url, "application/json")
    (command,) = json.loads(text)["commands"]
    assert (status, kind) == (200, "application/json")
    assert (command["verb"], command["key"], command["seconds"]) == ("get", None, 1.5)
    assert (command["texts"]["key"], command["texts"]["duration"]) == ("-", "1.5 s")


async def test_an_empty_log_says_so(tmp_path: Path) -> None:
    """There is nothing to list."""
    (tmp_path / "log").write_bytes(b"")
    async with reading(tmp_path / "log") as url:
        assert await fetched(url) == (200, "text/plain", "The log has no commands.\n")


async def test_there_is_no_such_page_without_a_log() -> None:
    """Nor does the landing page ask for it."""
    async with serving(target(NODE)) as url:
        assert (await fetched(f"{url}/slow"))[0] == 404
        assert 'id="slow"' not in (await fetched(f"{url}/"))[2]
