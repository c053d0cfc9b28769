"""The verbs of logged requests, and which of their arguments may be shown."""

import hashlib
from typing import Final, NamedTuple

from nundb_exporter.log.settings import HASH, HIDE, SHOW

VERBS: Final = (
    "ack",
    "arbiter",
    "auth",
    "cluster-state",
    "create-db",
    "create-user",
    "debug",
    "election",
    "get",
    "get-safe",
    "increment",
    "join",
    "keys",
    "leave",
    "list-commands",
    "ls",
    "metrics-state",
    "remove",
    "replicate",
    "replicate-increment",
    "replicate-join",
    "replicate-leave",
    "replicate-remove",
    "replicate-since",
    "replicate-snapshot",
    "resolve",
    "rp",
    "set",
    "set-permissions",
    "set-primary",
    "set-safe",
    "set-secoundary",  # sic
    "snapshot",
    "unwatch",
    "unwatch-all",
    "use",
    "use-db",
    "watch",
)
"""All that Nun-db knows (protocol notes 2)."""
OTHER: Final = "other"
"""Verbs that are not known, or that Nun-db's mask has made unreadable: it replaces the administrator's name and
password in every text, also within a verb."""

_KNOWN: Final = {verb.encode(): verb for verb in VERBS}
_WITH_KEY: Final = frozenset(
    {"get", "get-safe", "increment", "keys", "ls", "remove", "set", "set-safe", "unwatch", "watch"}
)
"""Verbs whose first argument is a key. Those that are in none of these sets show nothing: it may be a secret."""
_DEBUG: Final = "debug"
_WITH_DATABASE: Final = frozenset({"create-db", "replicate-snapshot", "use", "use-db"})
_WITH_DATABASE_AND_KEY: Final = frozenset({"replicate", "replicate-increment", "replicate-remove"})


class Command(NamedTuple):
    """As much of a request as may be shown."""

    verb: str
    database: str | None
    """Only if the request itself names it."""
    key: str | None


_HASH_DIGITS: Final = 16


def known(verb: bytes) -> str:
    """Return the verb's name as a label."""
    return _KNOWN.get(verb, OTHER)


def readable(start: bytes, keys: str = SHOW) -> Command:
    """Read the start of a request: its verb and the word that follows, of a replicated write both words.

    `keys` is one of KEY_DISPLAYS; a hash is the beginning of the key's SHA-256.
    """
    word, _, rest = start.partition(b" ")
    verb = known(word)
    argument = rest.rstrip(b"\r")
    if verb in _WITH_DATABASE:
        return Command(verb, _text(argument), None)
    if verb in _WITH_DATABASE_AND_KEY:
        database, _, key = argument.partition(b" ")
        return Command(verb, _text(database), _shown(key, keys))
    if verb == _DEBUG:
        return Command(verb, None, _text(argument))
    return Command(verb, None, _shown(argument, keys) if verb in _WITH_KEY else None)


def _text(word: bytes) -> str | None:
    return word.decode(errors="replace") or None


def _shown(key: bytes, keys: str) -> str | None:
    if not key or keys == HIDE:
        return None
    return hashlib.sha256(key).hexdigest()[:_HASH_DIGITS] if keys == HASH else _text(key)
