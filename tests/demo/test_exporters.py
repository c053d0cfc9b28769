"""The demo's exporters, in the process that runs them."""

import threading
from pathlib import Path

from nundb_devserver import Node, NodeOptions
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.demo import exporters

READING = {"nundb-files", "nundb-log"}
"""Names of threads."""


async def test_an_exporter_that_has_stopped_reads_nothing_any_more(tmp_path: Path) -> None:
    """Its node's directory and log are removed after it."""
    before = set(threading.enumerate())
    node = Node(NodeOptions(data=tmp_path))
    async with exporters.running(node, tmp_path / "log", Credentials("nun", Secret("nun-pwd")), (), 0):
        assert {thread.name for thread in set(threading.enumerate()) - before} >= READING
    assert not {thread.name for thread in set(threading.enumerate()) - before} & READING
