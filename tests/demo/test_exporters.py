"""The demo's exporters, in the process that runs them."""

import threading
from pathlib import Path

from nundb_devserver import Node, NodeOptions
from nundb_exporter.credentials import Credentials, Secret
from nundb_exporter.demo import exporters


async def test_an_exporter_that_has_stopped_reads_nothing_any_more(tmp_path: Path) -> None:
    """Its node's directory is removed after it."""
    before = set(threading.enumerate())
    node = Node(NodeOptions(data=tmp_path))
    exporter = await exporters.start(node, Credentials("nun", Secret("nun-pwd")), (), 0)
    assert "nundb-files" in {thread.name for thread in set(threading.enumerate()) - before}
    await exporter.stop()
    assert "nundb-files" not in {thread.name for thread in set(threading.enumerate()) - before}
