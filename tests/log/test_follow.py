"""Files that grow and are rotated in every way, and places that outlive an exporter: everything counts once."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.errors import ConfigError
from nundb_exporter.log import places
from nundb_exporter.log.follow import FileFollower
from nundb_exporter.log.inputs import Directory
from nundb_exporter.log.reader import Reader
from nundb_exporter.log.tally import Tally

from . import observed, writing
from .writing import Totals, totals

LOG: Final = b"".join(
    (
        writing.record(0, "nun_db", "nundb starting!"),
        writing.request(1, "set k a value\nof two lines\n"),
        *(writing.request(number, f"get key{number}") for number in range(2, 12)),
        writing.record(12, "nundb::election_ops", "Will start election"),
        writing.request(13, "set k [2026-11-25T15:35:21.921624158Z nun_db] nundb starting!\n"),
        writing.request(14, "unwatch-all"),
    )
)
EXPECTED: Final = writing.read([LOG])


class Node:
    """What writes the log: it keeps its file open, whatever happens to the name."""

    def __init__(self, path: Path, *, is_appending: bool = True) -> None:
        self.path = path
        self._flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if is_appending else 0)
        self._descriptor = os.open(path, self._flags)

    def write(self, data: bytes) -> None:
        """Write to the open file."""
        os.write(self._descriptor, data)

    def reopen(self) -> None:
        """Open the name anew, as a runtime does after it has rotated."""
        self.close()
        self._descriptor = os.open(self.path, self._flags)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def rename(node: Node) -> None:
    """Rename the file; the runtime opens a new one."""
    rename_only(node)
    node.reopen()


def rename_only(node: Node) -> None:
    """Rename the file; Nun-db writes on into it, as it never opens its log anew."""
    if node.path.exists():
        number = len(list(node.path.parent.iterdir()))
        node.path.rename(node.path.with_name(f"{node.path.name}.{number}"))


def rename_and_create(node: Node) -> None:
    """Rename the file and make an empty one, as logrotate does; Nun-db writes on into the old one."""
    rename_only(node)
    node.path.touch()


def rename_by_date(node: Node) -> None:
    """Rename the file as logrotate does with `dateext` and `extension .log`; the runtime opens a new one."""
    number = len(list(node.path.parent.iterdir()))
    node.path.rename(node.path.with_name(f"{node.path.stem}-20261125{number}{node.path.suffix}"))
    node.reopen()


def replace(node: Node) -> None:
    """Put a new file in the place of the old one, whose text is gone, as conmon does."""
    new = node.path.with_name("new")
    new.touch()
    new.replace(node.path)
    node.reopen()


def remove(node: Node) -> None:
    """Remove the file and make it anew."""
    node.path.unlink()
    node.reopen()


def truncate(node: Node) -> None:
    """Cut the file to nothing, as `copytruncate` does."""
    os.truncate(node.path, 0)


ROTATIONS: Final[tuple[Callable[[Node], None], ...]] = (
    rename,
    rename_only,
    rename_and_create,
    rename_by_date,
    replace,
    remove,
    truncate,
)


@contextmanager
def directory() -> Iterator[Path]:
    """Give a directory of its own to each example."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def poll(follower: FileFollower | Directory) -> None:
    """Read all that there is."""
    while follower.poll():
        pass


def following(path: Path, place: places.Place | None = None, *, from_start: bool = True) -> tuple[FileFollower, Tally]:
    """Return a follower, and where it counts."""
    tally = Tally()
    return FileFollower(path, Reader("auto", tally), from_start=from_start, place=place), tally


@pytest.mark.parametrize("is_appending", [True, False], ids=["appending", "at its own offset"])
@pytest.mark.parametrize("rotate", ROTATIONS, ids=lambda rotation: rotation.__name__)
@given(cuts=st.lists(st.integers(0, len(LOG)), min_size=1, max_size=4))
def test_a_rotation_at_any_byte_changes_no_count(
    rotate: Callable[[Node], None], is_appending: bool, cuts: list[int]
) -> None:
    """The file is rotated in the middle of lines, read before and after; in the end everything counts once.

    A node that does not append leaves a hole at the beginning of a file that was truncated.
    """
    with directory() as path:
        node = Node(path / "nun-db.log", is_appending=is_appending)
        follower, tally = following(node.path)
        begin = 0
        for end in [*sorted(cuts), len(LOG)]:
            node.write(LOG[begin:end])
            poll(follower)
            if end != len(LOG):
                rotate(node)
                if end % 2:
                    poll(follower)
            begin = end
        follower.end()
        assert totals(tally) == EXPECTED
        follower.close()
        node.close()


@pytest.mark.parametrize(
    "rotate", [None, rename, rename_by_date], ids=["same file", "renamed meanwhile", "renamed by date meanwhile"]
)
@given(cut=st.integers(0, len(LOG)), restart=st.integers(0, len(LOG)))
def test_a_restart_counts_nothing_twice_and_skips_nothing(
    rotate: Callable[[Node], None] | None, cut: int, restart: int
) -> None:
    """What the old exporter has counted and what the new one counts, from the saved place on, is everything once."""
    first, second = sorted((cut, restart))
    with directory() as path:
        node = Node(path / "nun-db.log")
        node.write(LOG[:first])
        follower, before = following(node.path)
        poll(follower)
        state = path / "state.json"
        places.save(state, {"log": place} if (place := follower.place) else {})
        follower.close()
        node.write(LOG[first:second])
        if rotate is not None:
            rotate(node)
        node.write(LOG[second:])
        follower, after = following(node.path, places.load(state).get("log"), from_start=False)
        poll(follower)
        follower.end()
        old, new = totals(before), totals(after)
        assert added(old, new) == EXPECTED
        follower.close()
        node.close()


def added(old: Totals, new: Totals) -> Totals:
    """Return the sum of two counts."""

    def both(first: dict[str, float], second: dict[str, float]) -> dict[str, float]:
        return {name: round(first.get(name, 0) + second.get(name, 0), 12) for name in {**first, **second}}

    return Totals(
        both(old.commands, new.commands),
        both(old.seconds, new.seconds),
        both(old.events, new.events),
        old.lines + new.lines,
        old.unparsed + new.unparsed,
    )


@given(cut=st.integers(0, len(LOG)))
def test_at_the_end_only_what_ends_later_counts(cut: int) -> None:
    """An exporter without a place starts at the end: a line that was being written then still counts, whole."""
    with directory() as path:
        node = Node(path / "nun-db.log")
        node.write(LOG[:cut])
        follower, tally = following(node.path, from_start=False)
        poll(follower)
        node.write(LOG[cut:])
        poll(follower)
        follower.end()
        assert totals(tally).unparsed <= 2  # further lines of a record that had ended, as far as one could see
        assert totals(tally).events.get("start", 0) <= (cut < len(LOG.split(b"\n")[0]) + 1)
        complete = LOG[: LOG.rfind(b"\n", 0, cut) + 1]
        expected = sum(EXPECTED.commands.values()) - sum(writing.read([complete]).commands.values())
        assert abs(sum(totals(tally).commands.values()) - expected) <= 1
        follower.close()
        node.close()


@pytest.mark.parametrize("name", [name for name in observed.FORMATS if name != "run.stderr"])
def test_at_the_end_of_a_real_log_nothing_old_counts(name: str, tmp_path: Path) -> None:
    """In no format."""
    path = tmp_path / "nun-db.log"
    path.write_bytes(observed.in_format(name))
    follower, tally = following(path, from_start=False)
    poll(follower)
    follower.end()
    assert not totals(tally).commands
    follower.close()


def test_a_file_that_does_not_exist_yet_is_read_from_its_beginning(tmp_path: Path) -> None:
    """Whatever it will hold is new."""
    follower, tally = following(tmp_path / "nun-db.log", from_start=False)
    poll(follower)
    assert follower.lag == 0
    (tmp_path / "nun-db.log").write_bytes(LOG)
    poll(follower)
    follower.end()
    assert totals(tally) == EXPECTED
    follower.close()


def test_a_truncated_file_that_has_grown_again_is_read_anew(tmp_path: Path) -> None:
    """Its size does not tell, what stands before the place does."""
    path = tmp_path / "nun-db.log"
    path.write_bytes(LOG)
    follower, tally = following(path)
    poll(follower)
    with path.open("r+b") as file:
        file.write(LOG.replace(b"140572511770304", b"140572511770305") * 2)
    poll(follower)
    follower.end()
    assert totals(tally).events["start"] == 3
    follower.close()


def test_the_lag_is_what_is_written_and_not_read(tmp_path: Path) -> None:
    """Also in a file that has taken the place of the one that is being read."""
    node = Node(tmp_path / "nun-db.log")
    node.write(LOG)
    follower, _ = following(node.path)
    poll(follower)
    assert follower.lag == 0
    node.write(b"x" * 10)
    rename(node)
    node.write(b"y" * 7)
    assert follower.lag == 17
    poll(follower)
    assert follower.lag == 0
    follower.close()
    node.close()


def test_all_logs_of_a_directory_are_followed(tmp_path: Path) -> None:
    """Those that are there, and those that appear; not what was renamed, which was read already."""
    (tmp_path / "0.log").write_bytes(LOG)
    (tmp_path / "0.log.20261125").write_bytes(LOG)
    (tmp_path / "0.log.20261124.gz").write_bytes(LOG)
    tally = Tally()
    found = Directory(tmp_path, lambda: Reader("auto", tally), from_start=False, places={})
    poll(found)
    assert not totals(tally).commands
    (tmp_path / "1.log").write_bytes(LOG)
    poll(found)
    found.end()
    assert totals(tally) == EXPECTED
    assert found.places.keys() == {str(tmp_path / "0.log"), str(tmp_path / "1.log")}
    (tmp_path / "0.log").unlink()
    poll(found)
    assert found.places.keys() == {str(tmp_path / "1.log")}
    found.close()


def test_a_log_that_appears_in_a_directory_while_no_exporter_runs_counts(tmp_path: Path) -> None:
    """As when a container starts again; the others go on at their places."""
    (tmp_path / "0.log").write_bytes(LOG)
    tally = Tally()
    before = Directory(tmp_path, lambda: Reader("auto", tally), from_start=False, places={})
    poll(before)
    known = dict(before.places)
    before.close()
    (tmp_path / "1.log").write_bytes(LOG)
    after = Directory(tmp_path, lambda: Reader("auto", tally), from_start=False, places=known)
    poll(after)
    after.end()
    assert totals(tally) == EXPECTED
    after.close()


def test_in_a_directory_only_files_are_logs(tmp_path: Path) -> None:
    """A pipe would be waited for, for ever, and whatever else is called so has no bytes that follow."""
    (tmp_path / "0.log").write_bytes(LOG)
    (tmp_path / "directory.log").mkdir()
    (tmp_path / "loop.log").symlink_to(tmp_path / "loop.log")
    (tmp_path / "nowhere.log").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.log")
    (tmp_path / "link.log").symlink_to(tmp_path / "0.log")
    tally = Tally()
    found = Directory(tmp_path, lambda: Reader("auto", tally), from_start=True, places={})
    found.read_to_end()
    assert found.places.keys() == {str(tmp_path / "0.log"), str(tmp_path / "link.log")}
    assert totals(tally).lines == 2 * EXPECTED.lines
    found.close()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file whose beginning even root cannot read")
def test_a_file_that_cannot_be_read_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    """It is named; the others of its directory are counted."""
    broken = tmp_path / "0.log"
    broken.symlink_to("/proc/self/mem")
    (tmp_path / "1.log").write_bytes(LOG)
    tally = Tally()
    found = Directory(tmp_path, lambda: Reader("auto", tally), from_start=True, places={})
    poll(found)
    assert str(found.failure) == f"{broken}: input/output error"
    found.end()
    assert totals(tally) == EXPECTED
    found.close()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_takes_the_place_of_a_file_is_not_waited_for(make: Callable[[Path], None], tmp_path: Path) -> None:
    """It is told; the log is followed again when it is a file."""
    path = tmp_path / "nun-db.log"
    make(path)
    follower, tally = following(path)
    with pytest.raises(OSError, match="restart the exporter"):
        follower.poll()
    path.rename(tmp_path / "moved")
    path.write_bytes(LOG)
    poll(follower)
    follower.end()
    assert totals(tally) == EXPECTED
    follower.close()


def test_what_stands_beside_a_log_does_not_keep_it_from_being_read(tmp_path: Path) -> None:
    """After a restart the file is looked for among those that have its name and more."""
    path = tmp_path / "nun-db.log"
    path.write_bytes(LOG)
    (tmp_path / "nun-db.log.d").mkdir()
    os.mkfifo(tmp_path / "nun-db.log.pipe")
    follower, tally = following(path, places.Place(1, 1, 1, ""))
    poll(follower)
    follower.end()
    assert totals(tally) == EXPECTED
    follower.close()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"version": 1, "places": {"a": {"device": 1, "inode": 1, "offset": 1e999, "digest": "", "is_torn": false}}}',
        '{"version": 1, "places": {"a": {"device": 1, "inode": 1, "offset": -1, "digest": "", "is_torn": false}}}',
    ],
    ids=["deep", "infinite", "negative"],
)
def test_a_state_that_no_exporter_has_written_is_refused(text: str, tmp_path: Path) -> None:
    """Whatever is wrong with it."""
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match="is no state of this exporter; name another file, or remove it"):
        places.load(path)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(os.devnull), os.mkdir])
def test_a_state_file_is_a_file(make: Callable[[Path], None], tmp_path: Path) -> None:
    """A pipe would be waited for, and the exporter would put a file in the place of a device."""
    make(tmp_path / "state.json")
    with pytest.raises(ConfigError, match="is no regular file; name a file"):
        places.load(tmp_path / "state.json")


@pytest.mark.parametrize(
    "text", ["[]", "{}", '{"version": 2, "places": {}}', '{"version": 1, "places": {"a": 1}}', "x"]
)
def test_a_file_that_is_no_state_is_left_alone(text: str, tmp_path: Path) -> None:
    """The setting may name the wrong file."""
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"--nundb\.log\.state-file"):
        places.load(path)


def test_no_state_is_a_fresh_start(tmp_path: Path) -> None:
    """Neither a missing file nor an empty one, which a power failure may leave, is an error."""
    assert places.load(tmp_path / "state.json") == {}
    (tmp_path / "state.json").touch()
    assert places.load(tmp_path / "state.json") == {}


def test_the_state_holds_nothing_of_the_log(tmp_path: Path) -> None:
    """And only its owner may read it."""
    path = tmp_path / "nun-db.log"
    path.write_bytes(LOG)
    follower, _ = following(path)
    poll(follower)
    state = tmp_path / "state.json"
    assert follower.place is not None
    places.save(state, {"log": follower.place})
    assert "key" not in state.read_text()
    assert state.stat().st_mode & 0o777 == 0o600
    assert places.load(state) == {"log": follower.place}
    follower.close()
