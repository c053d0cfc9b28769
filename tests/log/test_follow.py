"""Files that grow and are rotated in every way, and places that outlive an exporter: everything counts once."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.log import places

from . import observed, writing
from .following import following, poll
from .writing import EXPECTED, LOG, Totals, totals


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


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_stands_beside_a_log_does_not_keep_it_from_being_read(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    """After a restart the file is looked for by its inode, which a directory or a pipe may have by now."""
    path = tmp_path / "nun-db.log"
    path.write_bytes(LOG)
    beside = tmp_path / "nun-db.log.1"
    make(beside)
    status = beside.stat()
    follower, tally = following(path, places.Place(status.st_dev, status.st_ino, 1, ""))
    poll(follower)
    follower.end()
    assert totals(tally) == EXPECTED
    follower.close()
