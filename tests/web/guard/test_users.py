"""Logins: read from a header, compared with hashes of bcrypt, remembered safely."""

import asyncio
import base64
import itertools

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.credentials import Secret
from nundb_exporter.web.guard.users import Login, Users, read_login
from tests.wire.waiting import until

from .guarding import hashed

HASHES = {"alice": Secret(hashed("one")), "bob": Secret(hashed("two")), "zoë": Secret(hashed("drei"))}


def login(user: str, password: str) -> Login:
    """Return a login."""
    return Login(user.encode(), password.encode())


def basic(text: bytes) -> str:
    """Return a header's value."""
    return f"Basic {base64.b64encode(text).decode()}"


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (basic(b"alice:one"), Login(b"alice", b"one")),
        (basic(b"alice:one").replace("Basic", "bAsIc"), Login(b"alice", b"one")),
        (basic(b"alice:a:b"), Login(b"alice", b"a:b")),
        (basic(b":"), Login(b"", b"")),
        (basic("zoë:drei".encode()), Login("zoë".encode(), b"drei")),
        (basic(b"alice"), None),
        ("Basic", None),
        ("Basic !!!", None),
        ("Basic \xff", None),
        (basic(b"alice:one") + ", " + basic(b"bob:two"), None),
        ("Bearer " + base64.b64encode(b"alice:one").decode(), None),
        ("", None),
        (None, None),
    ],
)
def test_a_header_is_read(header: str | None, found: Login | None) -> None:
    """Or it is none of a user with a password."""
    assert read_login(header) == found


@given(st.text(alphabet=st.characters(max_codepoint=255)))
def test_any_header_is_read_or_none(header: str) -> None:
    """Nothing that a client sends is an error of ours."""
    read_login(header)
    read_login(f"Basic {header}")


def test_a_login_does_not_show_itself() -> None:
    """It may be in a traceback."""
    assert "one" not in repr(login("alice", "one"))


@pytest.mark.parametrize(
    ("user", "password", "is_right"),
    [
        ("alice", "one", True),
        ("zoë", "drei", True),
        ("alice", "two", False),
        ("alice", "", False),
        ("Alice", "one", False),
        ("", "one", False),
        ("nobody", "one", False),
        ("nobody", "two", False),
        ("nobody", "drei", False),
        ("alice", "one\0", False),
    ],
)
async def test_only_a_user_with_his_password_is_right(user: str, password: str, is_right: bool) -> None:
    """The password of another is none."""
    users = Users()
    assert users.known(login(user, password), HASHES) is None
    assert await users.check(login(user, password), HASHES) is is_right
    assert users.known(login(user, password), HASHES) is is_right


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
async def test_every_kind_of_hash_is_known(prefix: str) -> None:
    """The letter tells which program has made it."""
    hashes = {"alice": Secret(prefix + hashed("one")[4:])}
    assert await Users().check(login("alice", "one"), hashes)


async def test_of_a_long_password_what_bcrypt_uses_is_compared() -> None:
    """As htpasswd does, which has made the hash of its first 72 bytes."""
    long = "p" * 100
    hashes = {"alice": Secret(bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode())}
    assert await Users().check(login("alice", long), hashes)


async def test_a_new_hash_ends_what_is_remembered() -> None:
    """Of right logins and of wrong ones."""
    users = Users()
    hashes = {"alice": Secret(hashed("one"))}
    assert await users.check(login("alice", "one"), hashes)
    assert not await users.check(login("alice", "two"), hashes)
    changed = {"alice": Secret(hashed("two"))}
    assert not await users.check(login("alice", "one"), changed)
    assert await users.check(login("alice", "two"), changed)


async def test_strangers_do_not_make_a_right_login_be_forgotten() -> None:
    """However many they try; and they take no more memory than a few."""
    users = Users()
    assert await users.check(login("alice", "one"), HASHES)
    for number in range(150):
        assert not await users.check(login("alice", f"guess {number}"), HASHES)
    assert users.known(login("alice", "one"), HASHES)
    assert users.known(login("alice", "guess 149"), HASHES) is False
    assert users.known(login("alice", "guess 0"), HASHES) is None


async def test_no_two_logins_are_remembered_as_one() -> None:
    """Whatever is moved between name and password."""
    users = Users()
    parts = ("a", "aa", "a:", ":a", "", "a\0", "\0a")
    for user, password in itertools.product(parts, parts):
        assert users.known(login(user, password), HASHES) is None
        await users.check(login(user, password), HASHES)


async def test_no_password_is_kept() -> None:
    """What is remembered are keyed hashes."""
    users = Users()
    await users.check(login("alice", "m4rked"), HASHES)
    assert all(len(key) == 32 for key in (*users._right._keys, *users._wrong._keys))


async def test_an_unknown_user_is_compared_with_the_hash_of_a_known_one() -> None:
    """Always the same one, so that neither the time nor its changes tell who is known."""
    users = Users()
    known = {secret.reveal().encode() for secret in HASHES.values()}
    compared = {users._hash_of(login(f"nobody {number}", "x"), HASHES) for number in range(100)}
    assert compared == known
    assert len({users._hash_of(login("nobody", password), HASHES) for password in "abc"}) == 1


async def test_the_same_login_at_the_same_moment_is_compared_once() -> None:
    """The others wait for what the first one finds."""
    users = Users()
    right = [users.check(login("alice", "one"), HASHES) for _ in range(20)]
    assert await asyncio.gather(*right) == [True] * 20
    assert len(users._right._keys) == 1


async def test_clients_that_leave_make_no_crowd_of_threads() -> None:
    """The turn of the next one comes when the thread has ended."""
    users = Users()
    hashes = {"alice": Secret(bcrypt.hashpw(b"one", bcrypt.gensalt(8)).decode())}
    checks = [asyncio.create_task(users.check(login("alice", str(number)), hashes)) for number in range(5)]
    await until(users._turn.locked)
    for check in checks:
        check.cancel()
    assert await users.check(login("alice", "one"), hashes)
    assert all(isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*checks, return_exceptions=True))
