"""The commands of the canary: the only ones of the exporter that change something, and only in the canary's database.

Nothing but `nundb_exporter.canary` may import them, which a contract in pyproject.toml keeps so. What they write into
is the database that the canary's connection has selected; `snapshot` names it.
"""

from typing import Final, NamedTuple

from nundb_exporter.protocol.commands import Command

NOT_ACTING: Final = "Create database only allow from primary!"
"""The refusal of a node that does not act as primary."""


class Notice(NamedTuple):
    """What a watcher is told: a key has changed."""

    key: str
    value: str


def notice(text: str) -> Notice | None:
    """Read a notice; each change comes twice, and what has the version is passed over, as is all that is no change."""
    verb, _, rest = text.rstrip("\n").partition(" ")
    if verb != "changed":
        return None
    key, _, value = rest.partition(" ")
    return Notice(key, value)


def is_notice(text: str) -> bool:
    """Whether a message is a notice of any kind, and no reply: none of our commands has one that begins so."""
    return text.startswith(("changed ", "changed-version ", "removed "))


def create_db(name: str, token: str) -> Command[str]:
    """Create a database with the strategy none, which a replica gives every database that it gets by a sync."""
    return Command(f"create-db {name} {token} none", f"create-db {name} **** none", ("create-db success",), str)


def watch(key: str) -> Command[str]:
    """Be told when a key changes, as long as the connection stands."""
    return Command(f"watch {key}", f"watch {key}", (), str)


def put(key: str, value: str) -> Command[str]:
    """Write one value."""
    return Command(f"set {key} {value}", f"set {key}", (), str)


def remove(key: str) -> Command[str]:
    """Remove one key: on the primary, because elsewhere it would be removed there alone."""
    return Command(f"remove {key}", f"remove {key}", (), str)


def snapshot(name: str) -> Command[str]:
    """Have one database saved on every member, within their NUN_DECLUTTER_INTERVAL."""
    return Command(f"snapshot false {name}", f"snapshot false {name}", (), str)
