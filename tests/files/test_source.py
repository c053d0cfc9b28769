"""The data directory as a source: its thread, its page and its failures."""

import json
import subprocess
import urllib.request
from pathlib import Path

import pytest

from nundb_exporter.config.fleet import Fleet
from nundb_exporter.files.source import FilesSource
from tests.wire import pages
from tests.wire.behaviours import answering
from tests.wire.exporter import LONG, serving_fleet, target
from tests.wire.program import PROGRAM, environment
from tests.wire.scripted import ScriptedNode
from tests.wire.sources import started, value
from tests.wire.waiting import PATIENCE_SECONDS, wait_until

from .writing import UPDATE, DataDirectory, log


def test_a_directory_is_watched(tmp_path: Path) -> None:
    """What is written is seen soon; damage after a second look."""
    data = DataDirectory(tmp_path)
    data.save("shop", 1, 60)
    data.fill([(0, 1, UPDATE)], keys=1)
    with started(FilesSource(tmp_path)) as source:
        wait_until(lambda: value(source, "nundb_database_unsaved_operations", "shop") == 0)
        data.write("oplog-nun.op", log([(0, 1, UPDATE)] * 3, first=61))
        data.write("shop-nun.data.keys", b"torn")
        wait_until(lambda: value(source, "nundb_database_unsaved_operations", "shop") == 3)
        wait_until(lambda: value(source, "nundb_data_damaged", "shop", "keys") == 1)
        assert value(source, "nundb_scrape_collector_success", "files") == 1


def test_a_directory_that_cannot_be_read_fails_the_collector_and_recovers(tmp_path: Path) -> None:
    """What was seen before is not shown: it is not true any more."""
    path = tmp_path / "dbs"
    DataDirectory(path).save("shop", 1, 60)
    with started(FilesSource(path)) as source:
        wait_until(lambda: value(source, "nundb_oplog_valid") == 1)
        path.rename(tmp_path / "away")
        wait_until(lambda: value(source, "nundb_scrape_collector_success", "files") == 0)
        assert value(source, "nundb_oplog_valid") is None
        (tmp_path / "away").rename(path)
        wait_until(lambda: value(source, "nundb_oplog_valid") == 1)


def test_an_exporter_shows_the_directory_beside_the_node(tmp_path: Path) -> None:
    """Also while the node is down: that is when it matters. The report names what is wrong."""
    DataDirectory(tmp_path).fill([(0, 1, UPDATE)], keys=1)
    flags = ("--collector.files", "--nundb.data-dir", str(tmp_path), "--web.listen-address", "127.0.0.1:0")
    exporter = subprocess.Popen(
        [PROGRAM, "serve", *flags], env=environment("http://127.0.0.1:1"), stderr=subprocess.PIPE, text=True
    )
    assert exporter.stderr is not None
    try:
        line = exporter.stderr.readline()
        url = line[line.rindex("http://") :].split()[0].strip('"')
        wait_until(lambda: "nundb_restart_safe 0\n" in fetch(url))
        page = fetch(url)
        assert "nundb_up 0\n" in page
        assert 'nundb_scrape_collector_success{collector="files"} 1\n' in page
        assert "NundbRestartUnsafe" in fetch(url.replace("/metrics", "/report"))
    finally:
        exporter.kill()
        exporter.stderr.close()
        exporter.wait()


async def test_an_exporter_of_several_nodes_judges_the_directory_without_naming_one(tmp_path: Path) -> None:
    """It is of one of them, and of which is not known; a node's own page is not about it."""
    DataDirectory(tmp_path).fill([(0, 1, UPDATE)], keys=1)
    async with ScriptedNode(answering()) as first, ScriptedNode(answering()) as second:
        nodes = (target(first.url), target(second.url))
        with started(FilesSource(tmp_path)) as source:
            wait_until(lambda: value(source, "nundb_restart_safe") == 0)
            async with serving_fleet(Fleet(nodes, {"default": nodes[0].module}), sources=[source]) as url:
                reports = [
                    json.loads((await pages.fetch(f"{url}/report{query}", timeout_header=LONG)).text)
                    for query in ("", f"?target={first.url}")
                ]
    found = {finding["id"]: finding for finding in reports[0]["findings"]}
    assert found["NundbRestartUnsafe"]["node"] is None
    assert found["NundbRestartUnsafe"]["sentence"].startswith("The node beside this exporter would end with code 101")
    assert "NundbRestartUnsafe" not in {finding["id"] for finding in reports[1]["findings"]}
    assert [len(report["nodes"]) for report in reports] == [2, 1]


def fetch(url: str) -> str:
    """Return a page."""
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - our own
        text: str = answer.read().decode()
        return text


def test_a_collector_without_a_directory_is_one_clear_line() -> None:
    """With what to write."""
    ended = subprocess.run(
        [PROGRAM, "--collector.files"],
        env=environment("http://127.0.0.1:1"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("nundb-exporter: --nundb.data-dir: names no directory; write")


@pytest.mark.parametrize("flags", [(), ("--no-collector.files",)])
def test_a_directory_alone_switches_nothing_on(flags: tuple[str, ...], tmp_path: Path) -> None:
    """It may be set for all exporters of a kind."""
    from nundb_exporter.cli.serve import command  # noqa: PLC0415 - the flags alone

    context = command.make_context("serve", [*flags, "--nundb.data-dir", str(tmp_path)])
    assert context.params["collector_files"] is False
