"""Which process is taken for the node's."""

import os
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nundb_exporter.errors import SourceError
from nundb_exporter.host.finding import find
from nundb_exporter.host.process import PROC
from nundb_exporter.host.settings import HostSettings

from .places import Proc, without_power


@pytest.mark.parametrize("table", ["tcp", "tcp6"])
def test_it_is_the_one_that_listens_on_the_port(tmp_path: Path, table: str) -> None:
    """Whatever it is called, and over IPv4 as well as over IPv6."""
    proc = Proc(tmp_path)
    proc.add(7, "socket:[41]", name="nun-db")
    proc.add(9, "/dev/null", "socket:[42]", name="python")
    proc.listen(3013, 42, table=table)
    assert find(HostSettings(port=3013), proc.path) == 9


def test_one_that_is_connected_to_the_port_does_not_listen(tmp_path: Path) -> None:
    """Clients have the port in their sockets, too."""
    proc = Proc(tmp_path)
    proc.add(7, "socket:[41]", name="client")
    proc.listen(3013, 41, state="01")
    with pytest.raises(SourceError, match="no process of this host listens on port 3013: the node is down, or"):
        find(HostSettings(port=3013), proc.path)


def test_it_is_the_one_that_has_the_files_of_the_data_directory_open(tmp_path: Path) -> None:
    """A directory whose name begins alike is another one."""
    proc = Proc(tmp_path)
    data = tmp_path / "dbs"
    proc.add(7, f"{data}-old/oplog-nun.op")
    proc.add(9, f"{data}/oplog-nun.op")
    assert find(HostSettings(data_dir=data), proc.path) == 9


def test_without_permission_the_only_one_of_its_name_is_taken() -> None:
    """Of two, neither: a wrong one would mislead."""
    with without_power(), TemporaryDirectory() as directory:
        proc = Proc(Path(directory))
        proc.listen(3013, 42)
        proc.add(7, name="other")
        (proc.add(9) / "fd").chmod(0)
        assert find(HostSettings(port=3013), proc.path) == 9
        (proc.add(11) / "fd").chmod(0)
        with pytest.raises(SourceError, match="cannot be seen which process listens on port 3013: run the exporter as"):
            find(HostSettings(port=3013), proc.path)


def test_this_machine_tells_who_listens() -> None:
    """The tables are as the kernel here writes them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert find(HostSettings(port=server.getsockname()[1]), PROC) == os.getpid()
