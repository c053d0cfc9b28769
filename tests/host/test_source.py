"""A process that ends, and the one that follows it."""

import shutil
from pathlib import Path

from nundb_exporter.errors import SourceError
from nundb_exporter.host.settings import HostSettings
from nundb_exporter.host.source import HostSource
from tests.wire.waiting import wait_until

from .places import Proc, stat_line


def threads(source: HostSource) -> float | str:
    """Return the number of threads that is shown, or why there is none."""
    try:
        return next(iter(source.samples())).value
    except SourceError as error:
        return str(error)


def test_a_node_that_restarts_is_found_again(tmp_path: Path) -> None:
    """By its port, whatever its number is then."""
    proc = Proc(tmp_path)
    proc.listen(3013, 42)
    first = proc.add(7, "socket:[42]")
    source = HostSource(HostSettings(port=3013), proc.path)
    source.start()
    assert threads(source) == 19
    shutil.rmtree(first)
    proc.add(9, "socket:[42]", start=9000)
    assert threads(source) == "process 7 has ended: the node's new one is being looked for"
    wait_until(lambda: threads(source) == 19, "19 threads are shown")


def test_another_process_of_the_same_number_is_not_the_node(tmp_path: Path) -> None:
    """Its start tells it from the one that was found."""
    proc = Proc(tmp_path)
    proc.listen(3013, 42)
    directory = proc.add(7, "socket:[42]")
    source = HostSource(HostSettings(port=3013), proc.path)
    source.start()
    shutil.rmtree(directory)
    proc.add(7, "/dev/null", name="other", start=9000)
    assert threads(source) == "process 7 has ended: the node's new one is being looked for"


def test_a_node_that_is_not_there_is_looked_for_now_and_then(tmp_path: Path) -> None:
    """Not at each scrape: a search reads the descriptors of all processes."""
    proc = Proc(tmp_path)
    proc.listen(3013, 42)
    now = [0.0]
    source = HostSource(HostSettings(port=3013), proc.path, lambda: now[0])
    source.start()
    missing = "no process of this host listens on port 3013: the node is down, or it runs on another host"
    assert threads(source) == missing
    proc.add(9, "socket:[42]")
    now[0] = 9.0
    assert threads(source) == missing
    now[0] = 10.0
    wait_until(lambda: threads(source) == 19, "19 threads are shown")


def test_a_process_that_is_named_and_has_ended_is_told(tmp_path: Path) -> None:
    """One that its parent has not waited for counts as ended."""
    proc = Proc(tmp_path)
    source = HostSource(HostSettings(7), proc.path)
    ended = "there is no process 7: the node has ended, or has another number now"
    assert threads(source) == ended
    directory = proc.add(7)
    assert threads(source) == 19
    (directory / "stat").write_text(stat_line(7, state="Z"))
    assert threads(source) == ended
