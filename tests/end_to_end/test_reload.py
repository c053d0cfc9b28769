"""Settings that are read again while the exporter runs: SIGHUP and POST /-/reload."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.wire.behaviours import answering, saying
from tests.wire.exporter import Exporter
from tests.wire.framing import http
from tests.wire.pages import Page, fetch
from tests.wire.replies import GOOD, PASSWORD, USER, Said
from tests.wire.scripted import Behaviour, ScriptedNode
from tests.wire.waiting import until

from .exporting import Gate

NEW_PASSWORD = "m4rk-new-password"
SUCCESSFUL = ("nundb_exporter_config_last_reload_successful",)
SUCCEEDED_AT = ("nundb_exporter_config_last_reload_success_timestamp_seconds",)


def with_password(password: str) -> Behaviour:
    """Answer well to whom has it."""
    others = {command: said for command, said in GOOD.items() if not command.startswith("auth ")}
    refused = {f"auth {USER} {PASSWORD}": Said("invalid auth\n")}
    return answering({**others, **refused, f"auth {USER} {password}": Said("valid auth\n")})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a configuration file beside the password that it names."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    (tmp_path / "nundb.yml").write_text("modules: {default: {password_file: password}}")
    return tmp_path / "nundb.yml"


def write(file: Path, text: str) -> None:
    """Write a file."""
    file.write_text(text)


def remove(file: Path) -> None:
    """Remove a file."""
    file.unlink()


def exporter_of(node: ScriptedNode, file: Path, *arguments: str) -> Exporter:
    """Return an exporter with this file."""
    return Exporter(node.url, "--config.file", str(file), *arguments, NUN_PWD=None)


async def reload(exporter: Exporter, method: str = "POST") -> tuple[int, str]:
    """Ask for a reload, and return status and text."""
    page = await fetch(f"{exporter.url}/-/reload", method=method)
    return page.status, page.text


def collectors(page: Page) -> set[str]:
    """Return the collectors that have run."""
    return {key[1] for key in page.samples if key[0] == "nundb_scrape_collector_success"}


async def test_a_reload_uses_what_the_file_says_now(file: Path) -> None:
    """At the next scrape, without a restart; the metrics tell when."""
    async with ScriptedNode(answering()) as node, exporter_of(node, file) as exporter:
        before = await exporter.metrics()
        assert before.samples[SUCCESSFUL] == 1
        write(file, "modules: {default: {password_file: password, collectors: [oplog]}}")
        assert await reload(exporter) == (200, "The settings are in use.\n")
        after = await exporter.metrics()
        assert collectors(before) > collectors(after) == {"oplog"}
        assert after.samples[SUCCEEDED_AT] > before.samples[SUCCEEDED_AT]
        os.kill(exporter.pid, 0)


async def test_sighup_does_the_same(file: Path) -> None:
    """As often as it comes; the log says so."""
    async with ScriptedNode(answering()) as node, exporter_of(node, file) as exporter:
        write(file, "modules: {default: {password_file: password, collectors: [oplog]}}")
        exporter.send(signal.SIGHUP)
        await until(lambda: "SIGHUP: the settings are in use" in exporter.output)
        assert collectors(await exporter.metrics()) == {"oplog"}
        exporter.send(signal.SIGHUP)
        await until(lambda: exporter.output.count("SIGHUP: the settings are in use") == 2)


async def test_a_file_with_an_error_changes_nothing(file: Path) -> None:
    """Status 500 with every error, which the log has too; the last good settings go on, and the metrics say so."""
    async with ScriptedNode(answering()) as node, exporter_of(node, file) as exporter:
        good = await exporter.metrics()
        write(file, "modules:\n  default:\n    password_file: pasword\n    colectors: [oplog]\n")
        status, text = await reload(exporter)
        errors = [f"{file}:3: modules.default.password_file: cannot read", f"{file}:4: unknown key"]
        assert status == 500
        assert all(error in text for error in errors)
        page = await exporter.metrics()
        assert page.is_up
        assert collectors(page) == collectors(good)
        assert page.samples[SUCCESSFUL] == 0
        assert page.samples[SUCCEEDED_AT] == good.samples[SUCCEEDED_AT]
        await until(lambda: all(error in exporter.output for error in errors))
        write(file, "modules: {default: {password_file: password}}")
        assert (await reload(exporter))[0] == 200
        assert (await exporter.metrics()).samples[SUCCESSFUL] == 1


async def test_a_file_that_has_gone_changes_nothing(file: Path) -> None:
    """As while it is replaced."""
    async with ScriptedNode(answering()) as node, exporter_of(node, file) as exporter:
        remove(file)
        exporter.send(signal.SIGHUP)
        await until(lambda: "The last good settings stay in use" in exporter.output)
        assert (await exporter.metrics()).is_up


async def test_a_scrape_in_progress_ends_with_what_it_began_with(file: Path) -> None:
    """The node is asked with the settings from before, over a connection that nobody closes meanwhile."""
    gate = Gate()
    async with ScriptedNode(gate) as node, exporter_of(node, file) as exporter:
        scrape = asyncio.create_task(exporter.metrics("20"))
        await until(lambda: gate.questions == 1)
        write(file, "modules: {default: {password_file: password, collectors: [oplog]}}")
        assert (await reload(exporter))[0] == 200
        gate.opened.set()
        begun_before = await scrape
        assert begun_before.is_up
        assert "cluster" in collectors(begun_before)
        assert collectors(await exporter.metrics()) == {"oplog"}


async def test_a_reload_asks_no_node_that_is_left_alone(file: Path) -> None:
    """Each question over HTTP could end another of its workers."""
    broken = saying(http(b"", "500 Internal Server Error"))
    async with ScriptedNode(broken) as node, exporter_of(node, file) as exporter:
        assert (await exporter.metrics()).reasons == ["protocol"]
        questions = node.connections
        assert (await reload(exporter))[0] == 200
        assert (await exporter.metrics()).reasons == ["protocol"]
        assert node.connections == questions


async def test_a_reload_is_no_change_of_a_node_that_is_down(file: Path) -> None:
    """The log tells once that it has failed, and once that it has recovered."""
    async with ScriptedNode(answering()) as node, exporter_of(node, file) as exporter:
        await node.stop()
        await exporter.metrics()
        assert (await reload(exporter))[0] == 200
        await exporter.metrics()
        await node.start()
        assert (await exporter.metrics()).is_up
        exporter.send(signal.SIGTERM)
        assert await exporter.ended() == 0
    assert exporter.output.count("node failed") == exporter.output.count("node recovered") == 1


async def test_a_reload_names_other_nodes(file: Path) -> None:
    """With their modules: they are asked, and the one from before is not any more."""
    (file.parent / "other").write_text(f"{NEW_PASSWORD}\n")
    async with ScriptedNode(answering()) as one, ScriptedNode(with_password(NEW_PASSWORD)) as other:
        text = "modules: {{default: {{user: nun, password_file: {}}}}}\ntargets: {{nodes: ['{}']}}\n"
        write(file, text.format("password", one.url))
        exporter = Exporter("", "--config.file", str(file), NUN_PWD=None, NUN_URL=None, NUN_USER=None)
        async with exporter:
            assert (await exporter.metrics()).is_up
            write(file, text.format("other", other.url))
            assert (await reload(exporter))[0] == 200
            assert (await exporter.metrics()).is_up
            await one.stop()
            assert (await exporter.metrics()).is_up
            assert "m4rk" not in exporter.output


async def test_a_reload_changes_the_level_of_the_log(file: Path) -> None:
    """The file's, where no flag says one."""
    async with ScriptedNode(answering()) as node, exporter_of(node, file) as exporter:
        await exporter.metrics()
        assert "level=debug" not in exporter.output
        write(file, "modules: {default: {password_file: password}}\nlog: {level: debug}")
        assert (await reload(exporter))[0] == 200
        await exporter.metrics()
        await until(lambda: "level=debug" in exporter.output)


async def test_a_flag_for_the_level_of_the_log_holds(file: Path) -> None:
    """Whatever the file says then."""
    async with ScriptedNode(answering()) as node, exporter_of(node, file, "--log.level", "info") as exporter:
        write(file, "modules: {default: {password_file: password}}\nlog: {level: debug}")
        assert (await reload(exporter))[0] == 200
        await exporter.metrics()
        exporter.send(signal.SIGTERM)
        assert await exporter.ended() == 0
        assert "level=debug" not in exporter.output


async def test_an_exporter_without_a_file_reloads_too() -> None:
    """A terminal that is closed, or a script that reloads every exporter, sends SIGHUP."""
    async with ScriptedNode(answering()) as node, Exporter(node.url) as exporter:
        exporter.send(signal.SIGHUP)
        await until(lambda: "SIGHUP: the settings are in use" in exporter.output)
        assert (await reload(exporter))[0] == 200
        assert (await exporter.metrics()).is_up


async def test_only_post_reloads(file: Path) -> None:
    """A link that a browser follows, or fetches beforehand, must not."""
    async with ScriptedNode(answering()) as node, exporter_of(node, file) as exporter:
        assert (await reload(exporter, "GET"))[0] == 405
        assert "reading the settings again" not in exporter.output


async def test_a_password_from_a_pipe_outlives_a_reload(tmp_path: Path) -> None:
    """It can be read only once, as with `--nundb.password-file <(pass nun-db)`."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = asyncio.create_task(asyncio.to_thread(pipe.write_text, f"{PASSWORD}\n"))
    async with (
        ScriptedNode(answering()) as node,
        Exporter(node.url, "--nundb.password-file", str(pipe), NUN_PWD=None) as exporter,
    ):
        await writing
        assert (await reload(exporter))[0] == 200
        assert (await exporter.metrics()).is_up
