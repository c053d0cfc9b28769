"""Values, versions, watchers and conflicts of one database."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_devserver.commands.session import Session
from nundb_devserver.data import conflicts
from nundb_devserver.data.store import CONFLICTS_KEY, IN_CONFLICT, Change, Database, DiskState, Strategy
from nundb_devserver.log import Log
from nundb_devserver.numbers import wrap
from nundb_devserver.outcome import Failure, Panic


def database(strategy: Strategy = Strategy.NONE) -> Database:
    """Return an empty database with a clock that ticks at every look."""
    return Database("shop", 1, strategy, itertools.count(1).__next__)


def version(database: Database, key: str = "k") -> int:
    """Return the version of a key."""
    return database.values[key].version


def written(database: Database, key: str, text: str, version: int = -1) -> Failure | None:
    """Write a value, as a client's command does."""
    replicated: list[Change] = []
    return conflicts.write(
        database, database.change(key, text, version), Log(None, lambda: 0), lambda _, change: replicated.append(change)
    )


def listener(database: Database, key: str) -> list[str]:
    """Watch a key and return what is heard."""
    heard: list[str] = []
    database.watch(key, Session(heard.append, 0))
    return heard


@pytest.mark.parametrize(("sent", "stored"), [(-1, 0), (5, 6), (-5, -4), (2**31 - 1, -(2**31))])
def test_a_new_key_has_the_version_after_the_one_sent(sent: int, stored: int) -> None:
    """A plain write sends -1; 32 bits wrap."""
    shop = database()
    written(shop, "k", "v", sent)
    assert version(shop) == stored


def test_versions_go_up_by_one_or_jump() -> None:
    """A plain write adds one, a versioned one may leave a gap, a stale one is refused."""
    shop = database()
    written(shop, "k", "a")
    written(shop, "k", "b")
    assert version(shop) == 1
    assert written(shop, "k", "c", 100) is None
    assert version(shop) == 101
    assert written(shop, "k", "d", 50) == Failure("Invalid version!", is_version_error=True)
    assert shop.values["k"].text == "c"


def test_newer_accepts_a_stale_write_that_was_made_later() -> None:
    """It was made on arrival, so it always is the later one, unless the clock went back."""
    shop = database(Strategy.NEWER)
    written(shop, "k", "a", 5)
    assert written(shop, "k", "late", 0) is None
    assert (shop.values["k"].text, version(shop)) == ("late", 7)
    late = Change("k", "older", 0, operation_id=0)
    assert conflicts.write(shop, late, Log(None, lambda: 0), lambda *_: None) is None
    assert shop.values["k"].text == "late"


def test_newer_refuses_what_no_version_can_follow() -> None:
    """After the largest version there is no later one."""
    shop = database(Strategy.NEWER)
    written(shop, "k", "a", 2**31 - 2)
    failure = written(shop, "k", "b", 0)
    assert failure is not None
    assert failure.is_version_error


def test_an_arbiter_is_asked_about_a_stale_write_and_the_key_waits() -> None:
    """The old value stays, the question is stored, and every further write is a conflict on top."""
    desk = database(Strategy.ARBITER)
    for text in ("one", "two"):
        written(desk, "k", text)
    without = written(desk, "k", "stale", 0)
    assert without == Failure("An conflitct happend and there is no arbiter client not connected")
    heard: list[str] = []
    conflicts.register_arbiter(desk, Session(heard.append, 0))
    failure = written(desk, "k", "stale", 0)
    assert failure is not None
    assert failure.message.startswith("$$conflitct unresolved $conflicts_k_")
    first = failure.message.split(" ")[2]
    number = first.rpartition("_")[2]
    assert heard == [f"resolve {number} shop 1 k two stale"]
    assert (desk.values["k"].text, version(desk)) == ("two", IN_CONFLICT)
    written(desk, "k", "again")
    assert heard[1].endswith(f"shop 0 k {first} again")


def test_a_resolved_key_goes_on_once_nothing_of_it_is_unresolved() -> None:
    """Until then its version stays; resolved questions go when the next arbiter comes."""
    desk = database(Strategy.ARBITER)
    written(desk, "k", "one")
    conflicts.register_arbiter(desk, Session(lambda _: None, 0))
    numbers = []
    for text in ("two", "three"):
        failure = written(desk, "k", text, -3)
        assert failure is not None
        numbers.append(int(failure.message.rpartition("_")[2]))
    conflicts.resolve(desk, Change("k", "first", 0, numbers[0]), lambda *_: None)
    assert (desk.values["k"].text, version(desk)) == ("first", IN_CONFLICT)
    conflicts.resolve(desk, Change("k", "second", 7, numbers[1]), lambda *_: None)
    assert (desk.values["k"].text, version(desk)) == ("second", 8)
    heard: list[str] = []
    conflicts.register_arbiter(desk, Session(heard.append, 0))
    assert heard == []
    assert desk.keys("$conflicts_*", is_admin=True) == []


def test_a_conflict_of_which_nothing_is_stored_ends_the_thread() -> None:
    """A version of -2 can be written by hand; the original then looks for a conflict that is not there."""
    desk = database(Strategy.ARBITER)
    written(desk, "k", "v", -3)
    conflicts.register_arbiter(desk, Session(lambda _: None, 0))
    with pytest.raises(Panic):
        written(desk, "k", "w")


def test_a_late_arbiter_hears_of_what_waits() -> None:
    """The stored question is sent again, to every arbiter."""
    desk = database(Strategy.ARBITER)
    written(desk, "k", "one")
    heard: list[str] = []
    conflicts.register_arbiter(desk, Session(lambda _: None, 0))
    written(desk, "k", "stale", -3)
    conflicts.register_arbiter(desk, Session(heard.append, 0))
    assert len(heard) == 1
    assert heard[0].startswith("resolve ")


def test_an_increment_adds_and_resets_the_version() -> None:
    """What is no number stays, 32 bits wrap, and an absent key counts from zero."""
    shop = database()
    assert shop.increment("n", 5)
    written(shop, "n", "7", 40)
    assert shop.increment("n", 3)
    assert (shop.values["n"].text, version(shop, "n")) == ("10", 1)
    written(shop, "n", str(2**31 - 1))
    assert shop.increment("n", 1)
    assert shop.values["n"].text == str(-(2**31))
    written(shop, "n", "many")
    assert not shop.increment("n", 1)


def test_a_key_that_is_on_disk_leaves_a_tombstone() -> None:
    """It is hidden, its version goes on; a key that is not on disk vanishes."""
    shop = database()
    written(shop, "new", "v")
    shop.remove("new")
    assert "new" not in shop.values
    written(shop, "old", "v", 41)
    shop.mark_saved("old", 0, 0)
    shop.remove("old")
    assert (shop.values["old"].text, version(shop, "old")) == ("<Empty>", 43)
    assert shop.keys("", is_admin=True) == []
    written(shop, "old", "again")
    assert (version(shop, "old"), shop.values["old"].state) == (44, DiskState.UPDATED)
    shop.remove("never there")


def test_keys_are_found_by_beginning_end_or_middle_and_sorted() -> None:
    """Keys of the system are for administrators."""
    shop = database()
    for key in ("ba", "ab", "abc", "$$token"):
        written(shop, key, "v")
    assert shop.keys("", is_admin=False) == ["ab", "abc", "ba"]
    assert shop.keys("a*", is_admin=True) == ["ab", "abc"]
    assert shop.keys("*c", is_admin=True) == ["abc"]
    assert shop.keys("a", is_admin=False) == ["ab", "abc", "ba"]
    assert shop.keys("", is_admin=True)[0] == "$$token"


def test_a_watcher_hears_twice_of_a_change_and_once_of_a_removal() -> None:
    """With the version, and without it for those who know no versions; an increment shows -1."""
    shop = database()
    heard = listener(shop, "k")
    written(shop, "k", "v")
    shop.increment("k", 1)
    written(shop, "k", "1")
    shop.increment("k", 1)
    shop.remove("k")
    assert heard == [
        "changed k v\n",
        "changed-version k 0 v\n",
        "changed k 1\n",
        "changed-version k 1 1\n",
        "changed k 2\n",
        "changed-version k -1 2\n",
        "removed k\n",
    ]


def test_each_watch_adds_a_subscription_and_unwatch_ends_them_all() -> None:
    """Two watches, every notice twice."""
    shop = database()
    heard: list[str] = []
    session = Session(heard.append, 0)
    shop.watch("k", session)
    shop.watch("k", session)
    written(shop, "k", "v")
    assert len(heard) == 4
    shop.unwatch("k", session)
    shop.unwatch("k", session)
    written(shop, "k", "w")
    assert len(heard) == 4
    shop.watch("k", session)
    shop.watch("l", session)
    shop.unwatch_all(session)
    written(shop, "l", "v")
    assert len(heard) == 4


def test_the_key_of_the_arbiters_is_remembered_even_without_one() -> None:
    """An unwatch is enough to make the database count as having an arbiter, as in the original."""
    desk = database()
    desk.unwatch(CONFLICTS_KEY, Session(lambda _: None, 0))
    assert desk.has_arbiter


@given(st.integers())
def test_numbers_wrap_to_32_bits(number: int) -> None:
    """The same remainder, within the range."""
    assert -(2**31) <= wrap(number) < 2**31
    assert (wrap(number) - number) % 2**32 == 0
