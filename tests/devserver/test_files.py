"""What a node keeps on disk: the operation log, the key map, and snapshots of databases."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nundb_devserver import Cluster
from nundb_devserver.data import snapshots
from nundb_devserver.data.keymap import KeyMap
from nundb_devserver.data.oplog import Kind, Oplog, discard
from nundb_devserver.data.store import Database, Strategy
from tests.conformance.transcripts import DIRECTORY
from tests.wire.idle_time import node_options

from .asking import ask

Entry = tuple[int, int, int, Kind]


def entries(count: int, first: int = 1) -> list[Entry]:
    """Return updates of so many keys of database 1."""
    return [(number, number, 1, Kind.UPDATE) for number in range(first, first + count)]


OpenOplog = Callable[..., Oplog]


@pytest.fixture
def oplog(tmp_path: Path) -> Iterator[OpenOplog]:
    """What opens an operation log whose segments are numbered; all are closed at the end."""
    numbers = itertools.count(1)
    opened = []

    def open_oplog(limit: int = 10_000_000, directory: Path = tmp_path) -> Oplog:
        directory.mkdir(exist_ok=True)
        opened.append(Oplog(directory, limit, numbers.__next__))
        return opened[-1]

    yield open_oplog
    for log in opened:
        log.close()


def test_a_record_has_25_bytes_as_recorded(tmp_path: Path, oplog: OpenOplog) -> None:
    """The first record of the recorded server: create-db of database 1."""
    recorded = bytes.fromhex((DIRECTORY / "single.oplog-nun.op.hex").read_text().splitlines()[0])
    log = oplog()
    log.append([(int.from_bytes(recorded[:8], "little"), 1, 1, Kind.CREATE_DB)])
    assert (tmp_path / "oplog-nun.op").read_bytes() == recorded
    assert log.size() == 25
    assert log.last_operation_id() == int.from_bytes(recorded[:8], "little")


def test_the_record_that_fills_a_segment_is_written_twice(tmp_path: Path, oplog: OpenOplog) -> None:
    """At its end and at the beginning of the next: with segments of 100 bytes, every fifth record."""
    log = oplog(limit=1000)
    for entry in entries(9):
        log.append([entry])
    assert log.size() == 11 * 25
    assert len(list((tmp_path / "oplog").iterdir())) == 2
    together = oplog(limit=1000, directory=tmp_path / "together")
    together.append(entries(9))
    assert together.size() == log.size()


def test_pruning_keeps_the_nine_newest_segments(tmp_path: Path, oplog: OpenOplog) -> None:
    """Once there are ten; the size falls with them."""
    log = oplog(limit=250)
    log.append(entries(9))
    log.prune()
    before = log.size()
    log.append(entries(3, first=10))
    segments = sorted((tmp_path / "oplog").iterdir(), key=lambda path: int(path.stem.rpartition("-")[2]))
    assert len(segments) >= 10
    log.prune()
    assert sorted((tmp_path / "oplog").iterdir()) == sorted(segments[-9:])
    assert log.size() == 9 * 50 + (tmp_path / "oplog-nun.op").stat().st_size
    assert before


def test_a_full_segment_rotates_when_the_log_is_opened(oplog: OpenOplog) -> None:
    """And then nothing is known of the last operation."""
    oplog().append(entries(10))
    reopened = oplog(limit=1000)
    assert reopened.size() == 250
    assert reopened.last_operation_id() == 0


def test_only_the_newest_record_of_a_key_is_told(oplog: OpenOplog) -> None:
    """From an operation id on, in the order of writing."""
    log = oplog()
    log.append([(1, 1, 1, Kind.UPDATE), (2, 2, 1, Kind.UPDATE), (3, 1, 1, Kind.REMOVE), (4, 2, 0, Kind.SNAPSHOT)])
    assert [(record.operation_id, record.kind) for record in log.since(2)] == [
        (2, Kind.UPDATE),
        (3, Kind.REMOVE),
        (4, Kind.SNAPSHOT),
    ]
    assert log.since(5) == []


def test_a_log_that_has_disappeared_is_begun_anew(tmp_path: Path, oplog: OpenOplog) -> None:
    """Asking for its size is enough."""
    log = oplog()
    log.append(entries(3))
    (tmp_path / "oplog-nun.op").unlink()
    assert log.size() == 0
    log.append(entries(1))
    assert log.size() == 25
    log.close()
    log.append(entries(1))
    assert (tmp_path / "oplog-nun.op").stat().st_size == 25


def test_a_discarded_log_leaves_nothing(tmp_path: Path, oplog: OpenOplog) -> None:
    """Neither the current file nor rotated ones."""
    oplog(limit=250).append(entries(9))
    discard(tmp_path)
    assert oplog().size() == 0


def test_an_unknown_kind_counts_as_an_update(tmp_path: Path, oplog: OpenOplog) -> None:
    """Also half a record at the end does no harm."""
    (tmp_path / "oplog-nun.op").write_bytes(bytes(24) + b"\x09" + b"half")
    assert [record.kind for record in oplog().since(0)] == [Kind.UPDATE]


def test_a_new_key_makes_the_log_invalid_until_the_map_is_saved(tmp_path: Path) -> None:
    """A start in between finds it invalid; numbers survive a save."""
    keys = KeyMap(tmp_path)
    assert keys.was_valid
    assert [keys.number(key) for key in ("a", "é", "a")] == [0, 1, 0]
    assert not KeyMap(tmp_path).was_valid
    keys.save()
    keys.save()
    again = KeyMap(tmp_path)
    assert again.was_valid
    assert (again.number("é"), again.key(1), again.key(2)) == (1, "é", None)
    again.number("b")
    again.forget_validity()
    assert KeyMap(tmp_path).was_valid


def test_an_invalid_log_stays_so_until_a_save(tmp_path: Path) -> None:
    """Its file is empty, which counts as valid at the next start: the original's own mistake."""
    KeyMap(tmp_path).number("a")
    keys = KeyMap(tmp_path)
    keys.forget_validity()
    keys.number("b")
    assert (tmp_path / "is-oplog.valid").read_bytes() == b""


def loaded(directory: Path) -> dict[str, tuple[str, int]]:
    """Return what a start would find of the database."""
    values = snapshots.load("shop", directory, lambda: 0, 9).values
    return {key: (value.text, value.version) for key, value in values.items()}


def write(database: Database, key: str, text: str, version: int = -1) -> None:
    """Write a value."""
    assert database.apply(database.change(key, text, version))


@pytest.fixture
def shop() -> Database:
    """A database of strategy arbiter with a few values."""
    database = Database("shop", 3, Strategy.ARBITER, lambda: 0)
    for key, text in (("a", "one"), ("b", "two words"), ("é", "")):
        write(database, key, text)
    return database


@pytest.mark.parametrize("reclaim", [False, True])
def test_a_snapshot_holds_values_versions_and_strategy(tmp_path: Path, shop: Database, reclaim: bool) -> None:
    """Written again after changes: in place, or all anew."""
    snapshots.save(shop, tmp_path, reclaim=reclaim)
    assert loaded(tmp_path) == {"a": ("one", 0), "b": ("two words", 0), "é": ("", 0)}
    write(shop, "a", "other")
    shop.remove("b")
    write(shop, "c", "new")
    shop.increment("é", 1) if shop.values["é"].text else write(shop, "é", "x")
    snapshots.save(shop, tmp_path, reclaim=reclaim)
    assert loaded(tmp_path) == {"a": ("other", 1), "é": ("x", 1), "c": ("new", 0)}
    database = snapshots.load("shop", tmp_path, lambda: 0, 9)
    assert (database.number, database.strategy) == (3, Strategy.ARBITER)
    assert snapshots.names(tmp_path) == ["shop"]


def test_reclaiming_gives_the_space_of_old_values_back(tmp_path: Path, shop: Database) -> None:
    """Without it, the file of values only grows."""
    values = tmp_path / "shop-nun.data.values"
    snapshots.save(shop, tmp_path, reclaim=False)
    first = values.stat().st_size
    write(shop, "a", "ten")
    snapshots.save(shop, tmp_path, reclaim=False)
    assert values.stat().st_size > first
    snapshots.save(shop, tmp_path, reclaim=True)
    assert values.stat().st_size == first


def test_a_deleted_key_is_not_altered_where_it_no_longer_is(tmp_path: Path, shop: Database) -> None:
    """After a reclaiming snapshot its old place belongs to another key."""
    snapshots.save(shop, tmp_path, reclaim=False)
    shop.remove("a")
    snapshots.save(shop, tmp_path, reclaim=True)
    write(shop, "a", "back")
    snapshots.save(shop, tmp_path, reclaim=False)
    assert loaded(tmp_path) == {"b": ("two words", 0), "é": ("", 0), "a": ("back", 2)}


def test_a_version_of_minus_one_is_deleted_on_disk(tmp_path: Path, shop: Database) -> None:
    """So a key that really has it disappears with a restart."""
    write(shop, "gone", "v", -2)
    snapshots.save(shop, tmp_path, reclaim=False)
    assert "gone" not in loaded(tmp_path)


def test_a_database_without_metadata_is_newer(tmp_path: Path, shop: Database) -> None:
    """And takes the number that is free; a strategy that nobody knows is none."""
    snapshots.save(shop, tmp_path, reclaim=False)
    metadata = tmp_path / "shop-nun.madadata"
    metadata.write_bytes(metadata.read_bytes()[:8] + (7).to_bytes(4, "little"))
    assert snapshots.load("shop", tmp_path, lambda: 0, 9).strategy is Strategy.NONE
    metadata.unlink()
    database = snapshots.load("shop", tmp_path, lambda: 0, 9)
    assert (database.number, database.strategy) == (9, Strategy.NEWER)


MARK = b"\xff\xff\xff\xff" + bytes(8)
"""What marks a key as removed: version -1, address 0."""


def test_keys_that_were_removed_before_a_reclaim_are_marked_in_the_new_file_as_recorded(
    tmp_path: Path, shop: Database
) -> None:
    """Ten of thirty keys were removed from the recorded database, too."""
    recorded = Path(__file__).parents[1] / "files" / "observed" / "keys-file-corrupt" / "a-nun.data.keys"
    for number in range(30):
        write(shop, f"k{number}", f"v{number}")
    snapshots.save(shop, tmp_path, reclaim=False)
    places = {f"k{number}": shop.values[f"k{number}"].key_address for number in range(10)}
    for key in places:
        shop.remove(key)
    snapshots.save(shop, tmp_path, reclaim=True)
    file = tmp_path / "shop-nun.data.keys"
    assert MARK not in file.read_bytes()
    snapshots.mark_removed("shop", tmp_path, places)
    assert file.read_bytes().count(MARK) == recorded.read_bytes().count(MARK) == 10


async def test_a_snapshot_that_meets_a_full_disk_is_the_last_one(tmp_path: Path) -> None:
    """As recorded: keys and flag are written, the database is not; no error is answered, then or later."""
    async with Cluster(1, port_base=None, data=tmp_path, options=node_options()) as cluster:
        node = cluster.nodes[0]
        node.conditions.is_disk_full = True
        await ask(node, "create-db big t;use-db big t;set k v")
        for _ in range(2):
            assert await ask(node, f"auth {node.options.user} {node.password};use-db big t;snapshot") == (
                "valid auth\n;empty;empty"
            )
            assert node.process is not None
            node.process.state.declutter()
            assert not (node.data / "big-nun.madadata").exists()  # sic
        assert (node.data / "is-oplog.valid").read_bytes() == b"\x01"
        assert (node.data / "keys-nun.keys").exists()
        node.conditions.is_disk_full = False
        assert node.process is not None
        node.process.state.declutter()
        node.stop()
        assert not (node.data / "big-nun.madadata").exists()  # sic
