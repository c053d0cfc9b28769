"""Directories in every state that Nun-db, a crash, a person or a full disk leaves behind."""

import os
import shutil
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nundb_exporter.files.disk import Directory

from .writing import (
    BEGIN,
    CREATE,
    REMOVE,
    SECOND,
    SNAPSHOT,
    UPDATE,
    DataDirectory,
    Operation,
    key_map,
    log,
    seen,
    value,
    wrong,
)


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    """A healthy node: databases 1 and 2, saved at 60 s, and the operations of before."""
    directory = DataDirectory(tmp_path / "dbs")
    directory.path.mkdir()
    directory.save("shop", 1, 60, city="Porto")
    directory.save("chat", 2, 60, line="hello")
    directory.fill([(1, 1, CREATE), (1, 2, CREATE), (0, 1, UPDATE), (1, 2, UPDATE), (2, 1, SNAPSHOT)], keys=2)
    return directory


def test_a_healthy_directory_has_nothing_wrong(data: DataDirectory) -> None:
    """Everything is saved, and a restart is safe."""
    look = seen(data.path)
    assert wrong(look) == set()
    assert value(look, "restart_safe") == 1
    assert value(look, "database_unsaved_operations", "shop") == 0
    assert value(look, "data_file_size_bytes", "", "oplog") == 125


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    operations=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 3)), max_size=8),
    keys=st.none() | st.integers(0, 3),
    flag=st.sampled_from([None, b"", b"\x00", b"\x01", b"\x02"]),
    numbers=st.sets(st.integers(1, 4)),
)
def test_a_node_that_could_not_join_again_is_foreseen(
    tmp_path: Path, operations: list[Operation], keys: int | None, flag: bytes | None, numbers: set[int]
) -> None:
    """The rule that names exactly the directories of nodes that were seen to end at each start."""
    shutil.rmtree(tmp_path)
    data = DataDirectory(tmp_path)
    data.path.mkdir()
    data.fill(operations, keys, flag)
    for number in numbers:
        data.save(f"d{number}", number, 0)
    is_valid = flag in {None, b"", b"\x01"}
    is_safe = True
    if is_valid and operations:
        key, database, kind = operations[-1]
        is_safe = database in {0, *numbers} and (kind not in {UPDATE, REMOVE} or key < (keys or 0))
    look = seen(data.path)
    assert value(look, "oplog_valid") == is_valid
    assert value(look, "restart_safe") == is_safe
    assert value(look, "databases_never_saved") == len({owner for _, owner, _ in operations} - {0, *numbers})


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("shop-nun.data.keys", "keys"),
        ("shop-nun.data.values", "values"),
        ("shop-nun.madadata", "metadata"),
    ],
)
def test_a_missing_file_is_told(data: DataDirectory, file: str, kind: str) -> None:
    """Of the database that it belongs to, and of no other."""
    (data.path / file).unlink()
    assert wrong(seen(data.path)) - {("restart", "")} == {(kind, "shop")}


@pytest.mark.parametrize("size", range(12))
def test_metadata_that_is_cut_off_is_damaged(data: DataDirectory, size: int) -> None:
    """At any byte: the database would have another number, or none."""
    path = data.path / "chat-nun.madadata"
    path.write_bytes(path.read_bytes()[:size])
    assert ("metadata", "chat") in wrong(seen(data.path))


def test_values_that_are_cut_off_are_told_at_any_byte(data: DataDirectory) -> None:
    """Nun-db would start, and read zeros."""
    path = data.path / "shop-nun.data.values"
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        assert wrong(seen(data.path)) <= {("values", "shop"), ("keys", "shop")}
        assert wrong(seen(data.path))


def test_a_key_map_that_is_cut_off_is_told_at_any_byte(data: DataDirectory) -> None:
    """A start with it ends with code 101."""
    whole = key_map(2)
    for size in range(len(whole)):
        data.write("keys-nun.keys", whole[:size])
        assert ("key_map", "") in wrong(seen(data.path))


def test_an_operation_log_that_is_cut_off_is_told_at_any_byte(data: DataDirectory) -> None:
    """And what is behind the cut is still read."""
    operations = [(0, 1, UPDATE)] * 3
    for at in range(1, 25):
        data.write("oplog-nun.op", log(operations)[: 50 + at])
        assert ("torn", "") in wrong(seen(data.path))
        data.write("oplog-nun.op", log(operations)[: 50 + at] + log([(1, 2, REMOVE)], first=90))
        look = seen(data.path)
        assert ("torn", "") in wrong(look)
        assert value(look, "database_unsaved_operations", "chat") == 1


def test_keys_that_outlive_a_reclaim_are_told(data: DataDirectory) -> None:
    """A snapshot that reclaims space was killed."""
    data.write("shop-nun.data.keys.old", b"")
    assert wrong(seen(data.path)) == {("reclaim", "shop")}


def test_databases_with_one_number_are_told(data: DataDirectory) -> None:
    """Both of them; each is charged with the changes of both."""
    data.save("late", 2, 70)
    data.write("oplog-nun.op", log([(1, 2, UPDATE)], first=65))
    look = seen(data.path)
    assert wrong(look) == {("collision", "chat"), ("collision", "late")}
    assert value(look, "databases_colliding") == 2
    assert value(look, "database_unsaved_operations", "chat") == 1
    assert value(look, "database_unsaved_operations", "late") == 0


def test_files_of_others_are_of_no_interest(data: DataDirectory) -> None:
    """Whatever they are: notes, links to nowhere and to themselves, pipes, directories with a file's name."""
    data.write("notes.txt", b"")
    data.write("oplog/readme", b"")
    data.write("oplog/oplog-nun-x.op", b"garbage")
    (data.path / "loop-nun.data.keys").symlink_to(data.path / "loop-nun.data.keys")
    (data.path / "dead-nun.madadata").symlink_to("/no/such/file")
    os.mkfifo(data.path / "pipe-nun.data.keys")
    (data.path / "dir-nun.data.values").mkdir()
    (data.path / "device-nun.data.keys").symlink_to("/dev/zero")
    look = seen(data.path)
    assert wrong(look) == set()
    assert [database.name for database in look.contents.databases] == ["chat", "shop"]


def test_a_pipe_in_place_of_a_file_of_the_node_is_as_if_there_were_none(data: DataDirectory) -> None:
    """Nobody waits for its writer."""
    for name in ("is-oplog.valid", "keys-nun.keys", "oplog-nun.op"):
        (data.path / name).unlink()
        os.mkfifo(data.path / name)
    assert value(seen(data.path), "oplog_files") == 0


def test_a_link_to_a_file_is_followed(data: DataDirectory, tmp_path: Path) -> None:
    """As Nun-db does, which reads and writes through it."""
    moved = tmp_path / "elsewhere"
    (data.path / "shop-nun.data.keys").rename(moved)
    (data.path / "shop-nun.data.keys").symlink_to(moved)
    assert wrong(seen(data.path)) == set()


def test_a_name_that_is_not_utf_8_is_shown_escaped(data: DataDirectory) -> None:
    """Pages and reports are UTF-8."""
    for part in ("data.keys", "data.values", "madadata"):
        source = data.path / f"chat-nun.{part}"
        Path(os.fsdecode(os.fsencode(data.path) + b"/b\xff-nun." + part.encode())).write_bytes(source.read_bytes())
    assert [database.name for database in seen(data.path).contents.databases] == ["b\\xff", "chat", "shop"]


def test_a_small_budget_reads_everything_in_the_end(data: DataDirectory) -> None:
    """What the log says is absent until then, and the same afterwards as read at once."""
    data.write("oplog-nun.op", log([(number % 2, number % 2 + 1, UPDATE) for number in range(1000)], first=61))
    directory = Directory(data.path)
    first = directory.look(500)
    assert first.unread_oplog_bytes > 0
    looks = 1
    while directory.look(500).unread_bytes:
        looks += 1
        assert looks < 100
    assert directory.look(0).history.changes_after(1, BEGIN + 60 * SECOND) == 500


def test_an_unread_log_tells_its_last_operation_all_the_same(data: DataDirectory) -> None:
    """Whether a restart is safe is known at once."""
    data.write("oplog-nun.op", log([(0, 1, UPDATE)] * 1000 + [(0, 9, UPDATE)]))
    assert Directory(data.path).look(100).last is not None


def test_each_byte_of_a_log_is_read_once_through_rotations(data: DataDirectory) -> None:
    """A segment that is full gets another name; its last record begins the next one too."""
    directory = Directory(data.path)
    written: list[Operation] = []
    for segment in range(12):
        operations: list[Operation] = [(0, 1, UPDATE)] * 20
        begin = 100 + len(written)
        duplicate = log(written[-1:], first=begin - 1)
        for size in (7, 20):
            (data.path / "oplog-nun.op").write_bytes(duplicate + log(operations[:size], first=begin))
            directory.look()
        written += operations
        rotated = data.path / "oplog" / f"oplog-nun-{BEGIN + segment}.op"
        rotated.parent.mkdir(exist_ok=True)
        (data.path / "oplog-nun.op").rename(rotated)
        if segment % 3:
            directory.look()
    (data.path / "oplog-nun.op").write_bytes(b"")
    contents = directory.look()
    assert contents.history.changes_after(1, BEGIN + 60 * SECOND) == 240
    assert contents.oplog_files == 13
    assert contents.last is None


def test_pruned_segments_are_not_missed(data: DataDirectory) -> None:
    """What they said is still true."""
    data.write(f"oplog/oplog-nun-{BEGIN}.op", log([(0, 1, UPDATE)] * 5, first=61))
    data.write("oplog-nun.op", log([(0, 1, UPDATE)] * 2, first=70))
    directory = Directory(data.path)
    directory.look()
    (data.path / "oplog" / f"oplog-nun-{BEGIN}.op").unlink()
    assert directory.look().history.changes_after(1, BEGIN + 60 * SECOND) == 7


@pytest.mark.parametrize("is_same_file", [False, True])
def test_a_log_that_begins_anew_is_counted_anew(data: DataDirectory, is_same_file: bool) -> None:
    """A start in invalid state deletes it; what was not saved is lost by then."""
    path = data.write("oplog-nun.op", log([(0, 1, UPDATE)] * 9, first=61))
    directory = Directory(data.path)
    assert directory.look().history.changes_after(1, BEGIN + 60 * SECOND) == 9
    if not is_same_file:
        path.rename(data.path / "away")
    path.write_bytes(log([(0, 1, UPDATE)] * 12, first=80))
    assert directory.look().history.changes_after(1, BEGIN + 60 * SECOND) == 12


def test_changes_are_saved_by_the_next_snapshot(data: DataDirectory) -> None:
    """Those after it are not."""
    data.write("oplog-nun.op", log([(0, 1, UPDATE)] * 9, first=61))
    directory = Directory(data.path)
    directory.look()
    data.save("shop", 1, 65, city="Lisbon")
    assert directory.look().history.changes_after(1, BEGIN + 65 * SECOND) == 4


def test_a_file_that_may_not_be_read_is_an_error_that_names_it(data: DataDirectory) -> None:
    """Not a directory without it."""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = data.path / "keys-nun.keys"
    path.chmod(0)
    with pytest.raises(PermissionError, match="keys-nun"):
        Directory(data.path).look()


@pytest.mark.parametrize("place", ["missing", "oplog-nun.op"])
def test_what_is_no_directory_is_an_error(data: DataDirectory, place: str) -> None:
    """It may be mounted later."""
    with pytest.raises(OSError, match=place):
        Directory(data.path / place).look()


def test_admins_own_database_is_at_risk_too(data: DataDirectory) -> None:
    """It is there without any file, and its changes are lost as others are."""
    data.write("oplog-nun.op", log([(0, 0, UPDATE)]))
    assert value(seen(data.path), "database_unsaved_operations", "$admin") == 1


def test_a_strategy_that_does_not_exist_is_damage(data: DataDirectory) -> None:
    """The number before it is not trusted either."""
    data.write("chat-nun.madadata", struct.pack("<Qi", 2, 7))
    assert ("metadata", "chat") in wrong(seen(data.path))
