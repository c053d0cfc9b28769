"""Who may ask: names and passwords, compared with hashes of bcrypt.

A hash takes a tenth of a second on purpose. It is computed in a thread, one at a time, and what it found is remembered,
so that only the first request of a user waits for it.
"""

import asyncio
import base64
import binascii
import contextlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple

import bcrypt

from nundb_exporter.credentials import Secret

_REMEMBERED: Final = 100
"""How many right credentials, and how many wrong ones. Strangers who try many push out only each other's."""
_BCRYPT_BYTES: Final = 72
"""What bcrypt uses of a password. Programs that make hashes cut the rest off, and the library refuses it."""
_DIGEST: Final = "sha256"


class Login(NamedTuple):
    """What a client says of itself."""

    user: bytes
    password: bytes

    def __repr__(self) -> str:
        return "<login>"


def read_login(header: str | None) -> Login | None:
    """Read the header Authorization (RFC 7617); None if it is none of a user with a password."""
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(" "), validate=True)
    except (binascii.Error, ValueError):
        return None
    user, separator, password = decoded.partition(b":")
    return Login(user, password) if separator else None


class _Memory:
    """Remembers the last so many keys that were added or looked at."""

    def __init__(self) -> None:
        self._keys: OrderedDict[bytes, None] = OrderedDict()

    def has(self, key: bytes) -> bool:
        if key not in self._keys:
            return False
        self._keys.move_to_end(key)
        return True

    def add(self, key: bytes) -> None:
        self._keys[key] = None
        if len(self._keys) > _REMEMBERED:
            self._keys.popitem(last=False)


class Users:
    """Checks logins.

    What is remembered are keyed hashes: neither passwords nor anything from which one could be tried outside.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._right = _Memory()
        self._wrong = _Memory()
        self._turn = asyncio.Lock()

    def known(self, login: Login, hashes: Mapping[str, Secret]) -> bool | None:
        """Return whether a login is right, if that is remembered; None if it must be checked.

        `hashes` are those of the users there are, by name; there is at least one.
        """
        return self._remembered(self._digest(login, self._hash_of(login, hashes)))

    def _remembered(self, key: bytes) -> bool | None:
        if self._right.has(key):
            return True
        return False if self._wrong.has(key) else None

    async def check(self, login: Login, hashes: Mapping[str, Secret]) -> bool:
        """Return whether a login is right."""
        hashed = self._hash_of(login, hashes)
        key = self._digest(login, hashed)
        async with self._turn:
            known = self._remembered(key)
            if known is not None:
                return known  # of another request, while this one waited for its turn
            comparing = asyncio.ensure_future(_matches(login.password, hashed))
            try:
                is_right = await asyncio.shield(comparing) and _name(login) in hashes
            except asyncio.CancelledError:
                # The client has left, the thread goes on: clients that come and go must not make many of them.
                await asyncio.wait([comparing])
                raise
        (self._right if is_right else self._wrong).add(key)
        return is_right

    def _hash_of(self, login: Login, hashes: Mapping[str, Secret]) -> bytes:
        """Return the user's hash. An unknown user gets that of another, always the same.

        So the time of an answer tells nothing: unknown names cost what known ones cost, whatever each hash costs.
        """
        found = hashes.get(_name(login))
        if found is None:
            number = int.from_bytes(hmac.digest(self._key, b"unknown" + login.user, _DIGEST))
            found = list(hashes.values())[number % len(hashes)]
        return found.reveal().encode()

    def _digest(self, login: Login, hashed: bytes) -> bytes:
        """Return what stands for a login; each part with its length, so that no other login has the same text."""
        parts = (login.user, hashed, login.password)
        text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._key, text, _DIGEST)


def _name(login: Login) -> str:
    return login.user.decode(errors="replace")


async def _matches(password: bytes, hashed: bytes) -> bool:
    """Compare in a thread that nothing waits for: the end of the program does not take as long as an expensive hash."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bool] = loop.create_future()

    def compare() -> None:
        try:
            found = bcrypt.checkpw(password[:_BCRYPT_BYTES], hashed)
        except ValueError:
            found = False
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(answer.set_result, found)

    threading.Thread(target=compare, daemon=True, name="bcrypt").start()
    return await answer
