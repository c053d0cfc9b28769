"""`nundb-exporter check --collector.files`: what a data directory says, beside what the node does."""

import json
from pathlib import Path

from tests.wire.behaviours import answering
from tests.wire.program import run
from tests.wire.scripted import ScriptedNode

from . import observed
from .writing import SNAPSHOT, UPDATE, DataDirectory


async def test_a_saved_node_is_healthy_and_its_databases_say_when_they_were_saved(tmp_path: Path) -> None:
    """Exit 0."""
    data = DataDirectory(tmp_path)
    data.save("shop", 1, 60, city="Porto")
    data.fill([(0, 1, UPDATE), (2, 1, SNAPSHOT)], keys=1)
    async with ScriptedNode(answering()) as node:
        ended = await run("check", "--collector.files", "--nundb.data-dir", str(tmp_path), url=node.url)
    assert (ended.code, ended.stderr) == (0, "")
    (saved,) = [line for line in ended.stdout.splitlines() if line.startswith("  saved  ")]
    assert "shop 2026-11-25 " in saved
    assert saved.endswith(" ago; a crash would lose 0 changes")


async def test_what_is_wrong_with_the_files_is_found_among_the_rest(tmp_path: Path) -> None:
    """Of a node that answers as if nothing were wrong."""
    directory = observed.directory("disk-full-snapshot", tmp_path)
    async with ScriptedNode(answering()) as node:
        ended = await run("check", "--json", "--collector.files", "--nundb.data-dir", str(directory), url=node.url)
    report = json.loads(ended.stdout)
    assert ended.code == 1
    assert report["nodes"][0]["is_up"] is True
    assert report["nodes"][0]["data"]["is_restart_safe"] is False
    found = {finding["id"] for finding in report["findings"]}
    assert {"NundbRestartUnsafe", "NundbFilesDamaged", "NundbDatabaseNeverSaved"} <= found


async def test_the_files_of_a_node_that_is_down_are_judged_too(tmp_path: Path) -> None:
    """That is when one asks whether it may be started."""
    directory = observed.directory("restart-loop", tmp_path)
    flags = ("--collector.files", "--nundb.data-dir", str(directory))
    ended = await run("check", *flags, url="http://127.0.0.1:1")
    assert ended.code == 1
    assert "connection refused" in ended.stdout
    assert "would end with code 101 each time" in ended.stdout


async def test_databases_without_a_name_are_those_never_saved(tmp_path: Path) -> None:
    """No file tells their names."""
    directory = observed.directory("never-saved-invalid", tmp_path)
    async with ScriptedNode(answering()) as node:
        ended = await run("check", "--collector.files", "--nundb.data-dir", str(directory), url=node.url)
    assert "  saved        (never saved); a crash would lose 3 changes" in ended.stdout


async def test_a_directory_that_cannot_be_judged_ends_it_with_2_and_one_line(tmp_path: Path) -> None:
    """It belongs to one node, it can be read, and Nun-db has written to it."""
    urls = ("http://127.0.0.1:1", "http://127.0.0.1:2")
    for directory, nodes, words in (
        (tmp_path, urls, "--nundb.data-dir: names the data of one node for several; give the URL of the node"),
        (tmp_path / "none", urls[:1], "none: cannot be read (no such file or directory); name NUN_DBS_DIR"),
        (tmp_path, urls[:1], "has no file of Nun-db; name what the node has as NUN_DBS_DIR"),
    ):
        ended = await run("check", "--collector.files", "--nundb.data-dir", str(directory), *nodes)
        assert (ended.code, ended.stdout) == (2, "")
        (line,) = ended.stderr.splitlines()
        assert words in line
