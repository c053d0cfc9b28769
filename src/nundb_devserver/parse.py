"""From a command line to a command, or to the original's words about what is wrong with it (parse_request.rs).

The line is cut at single spaces into at most three parts; each verb does what it likes with the last two. Newlines are
dropped exactly where the original drops them.
"""

from collections.abc import Callable

from nundb_devserver.commands import (
    Acknowledge,
    Arbiter,
    Auth,
    ClusterState,
    Command,
    CreateDb,
    CreateUser,
    Debug,
    ElectionActive,
    ElectionCandidate,
    ElectionWin,
    Get,
    GetSafe,
    Increment,
    Join,
    Keys,
    Leave,
    ListCommands,
    MetricsState,
    Remove,
    Replicate,
    ReplicateIncrement,
    ReplicateJoin,
    ReplicateLeave,
    ReplicateRemove,
    ReplicateRequest,
    ReplicateSince,
    ReplicateSnapshot,
    Resolve,
    Set,
    SetPermissions,
    SetPrimary,
    SetSecondary,
    Snapshot,
    Unwatch,
    UnwatchAll,
    UseDb,
    Watch,
)
from nundb_devserver.permissions import parse_permissions
from nundb_devserver.store import PLAIN, STRATEGIES, Strategy, parse_i32, parse_unsigned

U64 = 64
U128 = 128


class ParseError(Exception):
    """A line that is no command; the text is what the client is told."""


class Panic(Exception):  # noqa: N818 - the original's own word
    """The original's handler thread would die here; the connection that caused it gets no answer."""


def parse(text: str) -> Command:
    """Read one command.

    Raises:
        ParseError: in the original's words.
        Panic: an election candidate whose process id is not a number (parse_request.rs: parse_election_command).
    """
    parts = text.strip("\n").rstrip(";").split(" ", 2)
    parser = PARSERS.get(parts[0])
    if parser is None:
        raise ParseError(f"unknown command: {parts[0]}" if parts[0] else "empty command")
    return parser(parts)


def _optional(parts: list[str], index: int) -> str:
    return parts[index] if len(parts) > index else ""


def _required(parts: list[str], index: int, complaint: str) -> str:
    if len(parts) <= index:
        raise ParseError(complaint)
    return parts[index]


def _one_line(text: str) -> str:
    return text.replace("\n", "")


def _i32(text: str, default: int) -> int:
    number = parse_i32(_one_line(text))
    return default if number is None else number


def _operation_id(parts: list[str], complaint: str) -> int:
    number = parse_unsigned(_required(parts, 1, complaint), U64)
    if number is None:
        raise ParseError(complaint)
    return number


def _acknowledge(parts: list[str]) -> Command:
    operation_id = _operation_id(parts, "Invalid request Id")
    server = _optional(parts, 2)
    if not server:
        raise ParseError("Invalid server name")
    return Acknowledge(operation_id, server)


def _auth(parts: list[str]) -> Command:
    return Auth(_optional(parts, 1), _one_line(_optional(parts, 2)))


def _create_db(parts: list[str]) -> Command:
    token, _, word = _required(parts, 2, "create-db must be followed by a token").partition(" ")
    return CreateDb(parts[1], _one_line(token), STRATEGIES.get(_one_line(word), Strategy.NONE))


def _create_user(parts: list[str]) -> Command:
    return CreateUser(_optional(parts, 1), _one_line(_optional(parts, 2)))


def _debug(parts: list[str]) -> Command:
    return Debug(_required(parts, 1, "command is mandatory"))


def _election(parts: list[str]) -> Command:
    word = _optional(parts, 1)
    if word == "win":
        return ElectionWin()
    if word != "candidate":
        return ElectionActive(parts[2] if len(parts) > 2 else "no-server")  # noqa: PLR2004 - the third part
    process_id, separator, node = _required(parts, 2, "candidate must contain process id and server name").partition(
        " "
    )
    number = parse_unsigned(process_id, U128)
    if number is None:
        raise Panic("the process id of an election candidate is not a number")
    return ElectionCandidate(number, _one_line(node) if separator else "no-server")


def _get(parts: list[str]) -> Command:
    return Get(_one_line(_required(parts, 1, "get must contain a key")))


def _get_safe(parts: list[str]) -> Command:
    return GetSafe(_one_line(_required(parts, 1, "get-safe must contain a key")))


def _increment(parts: list[str]) -> Command:
    return Increment(_optional(parts, 1), _i32(_optional(parts, 2), default=1))


def _keys(parts: list[str]) -> Command:
    return Keys(_one_line(_optional(parts, 1)))


def _member(complaint: str, command: Callable[[str], Command]) -> Callable[[list[str]], Command]:
    return lambda parts: command(_one_line(_required(parts, 1, complaint)))


def _remove(parts: list[str]) -> Command:
    return Remove(_optional(parts, 1))


def _replicate(parts: list[str]) -> Command:
    key, _, rest = _required(parts, 2, "no command sent").partition(" ")
    version, _, text = rest.partition(" ")
    return Replicate(parts[1], _one_line(key), _one_line(text), _i32(version, default=PLAIN))


def _replicate_increment(parts: list[str]) -> Command:
    database = _one_line(_required(parts, 1, "replicate-snapshot must contain a db name"))
    key, _, step = _required(parts, 2, "replicate-increment must be followed by a key").partition(" ")
    return ReplicateIncrement(database, key, _i32(step, default=1))


def _replicate_remove(parts: list[str]) -> Command:
    return ReplicateRemove(_optional(parts, 1), _one_line(_optional(parts, 2)))


def _replicate_request(parts: list[str]) -> Command:
    operation_id = _operation_id(parts, "Invalid request Id")
    text = _optional(parts, 2)
    if not text:
        raise ParseError("Invalid replication request str")
    return ReplicateRequest(operation_id, text)


def _replicate_since(parts: list[str]) -> Command:
    node = _one_line(_required(parts, 1, "replicate-since must contain a node name"))
    since = parse_unsigned(_one_line(_required(parts, 2, "replicate-since must contain a start at")), U64)
    if since is None:
        raise ParseError("replicate-since start_at must be a u64")
    return ReplicateSince(node, since)


def _replicate_snapshot(parts: list[str]) -> Command:
    names = _one_line(_required(parts, 1, "replicate-snapshot must contain a db name"))
    return ReplicateSnapshot(tuple(names.split("|")), _one_line(_optional(parts, 2)) == "true")


def _resolve(parts: list[str]) -> Command:
    number = parse_unsigned(_required(parts, 1, "opp id mandatory"), U64)
    if number is None:
        raise ParseError("Invalid opp_id")
    rest = _required(parts, 2, "resoved must be followed by db_name, key version and value").split(" ", 3)  # sic
    key = _one_line(_required(rest, 1, "key must be provided"))
    text = _one_line(_required(rest, 3, "set-safe must be followed by a key"))  # sic
    return Resolve(number, _one_line(rest[0]), key, text, _i32(rest[2], default=PLAIN))


def _set(parts: list[str]) -> Command:
    return Set(_optional(parts, 1), _one_line(_optional(parts, 2)), PLAIN)


def _set_permissions(parts: list[str]) -> Command:
    user = _required(parts, 1, "user is mandatory")
    return SetPermissions(user, parse_permissions(_required(parts, 2, "permission list is mandatory")))


def _set_safe(parts: list[str]) -> Command:
    version, separator, text = _required(parts, 2, "set-safe must be followed by a version and key").partition(" ")
    if not separator:
        raise ParseError("set-safe must be followed by a key")
    return Set(parts[1], _one_line(text), _i32(version, default=PLAIN))


def _snapshot(parts: list[str]) -> Command:
    return Snapshot(tuple(name for name in _optional(parts, 2).split("|") if name), _optional(parts, 1) == "true")


def _unwatch(parts: list[str]) -> Command:
    return Unwatch(_one_line(_required(parts, 1, "unwatch must contain a key")))


def _use_db(parts: list[str]) -> Command:
    rest = _required(parts, 2, "set-safe must be followed by a version and key")  # sic
    first, separator, second = rest.partition(" ")
    first = _one_line(first)
    return UseDb(parts[1], second, first) if separator else UseDb(parts[1], first, None)


def _watch(parts: list[str]) -> Command:
    return Watch(_one_line(_required(parts, 1, "watch must contain a key")))


PARSERS: dict[str, Callable[[list[str]], Command]] = {
    "ack": _acknowledge,
    "arbiter": lambda _: Arbiter(),
    "auth": _auth,
    "cluster-state": lambda _: ClusterState(),
    "create-db": _create_db,
    "create-user": _create_user,
    "debug": _debug,
    "election": _election,
    "get": _get,
    "get-safe": _get_safe,
    "increment": _increment,
    "join": _member("join must contain a name", Join),
    "keys": _keys,
    "leave": _member("leave must contain a name", Leave),
    "list-commands": lambda _: ListCommands(),
    "ls": _keys,
    "metrics-state": lambda _: MetricsState(),
    "remove": _remove,
    "replicate": _replicate,
    "replicate-increment": _replicate_increment,
    "replicate-join": _member("join must contain a name", ReplicateJoin),
    "replicate-leave": _member("leave must contain a name", ReplicateLeave),
    "replicate-remove": _replicate_remove,
    "replicate-since": _replicate_since,
    "replicate-snapshot": _replicate_snapshot,
    "resolve": _resolve,
    "rp": _replicate_request,
    "set": _set,
    "set-permissions": _set_permissions,
    "set-primary": _member("set-primary must contain a name", SetPrimary),
    "set-safe": _set_safe,
    "set-secoundary": _member("set-secoundary must contain a name", SetSecondary),  # sic
    "snapshot": _snapshot,
    "unwatch": _unwatch,
    "unwatch-all": lambda _: UnwatchAll(),
    "use": _use_db,
    "use-db": _use_db,
    "watch": _watch,
}
"""The 38 verbs: matching is exact and case sensitive (protocol notes 2)."""
