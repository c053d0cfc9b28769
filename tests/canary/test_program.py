"""The canary of the program, as a configuration file switches it on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from nundb_devserver import Node, NodeOptions
from nundb_devserver.data.members import Role
from tests.wire.clients import ask
from tests.wire.exporter import Exporter
from tests.wire.program import run
from tests.wire.replies import PASSWORD, USER
from tests.wire.waiting import eventually, until

from .seeing import TOKEN

pytestmark = pytest.mark.real_time
_CANARY = "    canary: {token_file: token, interval_seconds: 1}\n"


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    """One node that acts as the primary."""
    async with Node(NodeOptions(user=USER, password=PASSWORD)) as made:
        await until(lambda: made.role is Role.PRIMARY)
        yield made


def configuration(directory: Path, canary: str = _CANARY) -> Path:
    """Write a configuration file and its secrets."""
    (directory / "password").write_text(PASSWORD, encoding="utf-8")
    (directory / "token").write_text(TOKEN, encoding="utf-8")
    path = directory / "config.yml"
    path.write_text(f"modules:\n  default:\n    user: {USER}\n    password_file: password\n{canary}", encoding="utf-8")
    return path


async def holds(node: Node, key: str) -> bool:
    """Whether the canary's database has a key that contains this."""
    answer = await ask(node.options.http_port, f"use-db canary {TOKEN}", "keys")
    return key in str(answer)


async def test_an_exporter_writes_only_where_the_file_says_so(node: Node, tmp_path: Path) -> None:
    """With the section it writes, and `canary remove` removes that; no text has the token."""
    path = str(configuration(tmp_path))
    async with Exporter(node.http_url, "--config.file", path, NUN_USER=None, NUN_PWD=None) as exporter:

        async def has_written() -> bool:
            return node.process is not None and "canary" in node.process.state.databases and await holds(node, "beat_")

        await eventually(has_written, bool)
    assert TOKEN not in exporter.output
    removed = await run("canary", "remove", "--config.file", path, url=node.http_url)
    assert (removed.code, removed.stdout) == (0, "removed 2 keys from the database canary\n")
    assert not await holds(node, "beat_")


async def test_without_the_section_there_is_nothing_to_remove(node: Node, tmp_path: Path) -> None:
    """And it says where the section belongs."""
    ended = await run("canary", "remove", "--config.file", str(configuration(tmp_path, "")), url=node.http_url)
    assert ended.code == 2
    assert "names no canary; give the configuration file that has modules.default.canary" in ended.stderr


async def test_a_refusal_is_an_exit_code_and_a_line(node: Node, tmp_path: Path) -> None:
    """Without the token in it."""
    await ask(node.options.http_port, f"auth {USER} {PASSWORD}", "create-db canary another none")
    ended = await run("canary", "remove", "--config.file", str(configuration(tmp_path)), url=node.http_url)
    assert (ended.code, ended.stderr) == (1, "nothing is removed: database canary: the token is refused\n")
