"""What a command line says, as plain data: one class for each of the original's requests (bo.rs: enum Request)."""

from typing import NamedTuple

from nundb_devserver.permissions import Permission
from nundb_devserver.store import Strategy


class Acknowledge(NamedTuple):
    """`ack`: a peer has received an operation."""

    operation_id: int
    server: str


class Arbiter(NamedTuple):
    """`arbiter`: this connection resolves the conflicts of the selected database."""


class Auth(NamedTuple):
    """`auth`: become an administrator."""

    user: str
    password: str


class ClusterState(NamedTuple):
    """`cluster-state`: list the members."""


class CreateDb(NamedTuple):
    """`create-db`: create a database."""

    name: str
    token: str
    strategy: Strategy


class CreateUser(NamedTuple):
    """`create-user`: give a user a token for the selected database."""

    user: str
    token: str


class Debug(NamedTuple):
    """`debug`: one of five reports, or nothing."""

    report: str


class ElectionActive(NamedTuple):
    """`election` with any other word: somebody is alive."""

    node: str


class ElectionCandidate(NamedTuple):
    """`election candidate`: a node stands for primary."""

    process_id: int
    node: str


class ElectionWin(NamedTuple):
    """`election win`: become primary now."""


class Get(NamedTuple):
    """`get`: read a value."""

    key: str


class GetSafe(NamedTuple):
    """`get-safe`: read a value and its version."""

    key: str


class Increment(NamedTuple):
    """`increment`: add to a number."""

    key: str
    step: int


class Join(NamedTuple):
    """`join`: a new node asks to be a member."""

    node: str


class Keys(NamedTuple):
    """`keys` and `ls`: list the keys that match."""

    pattern: str


class Leave(NamedTuple):
    """`leave`: drop a member and hold an election."""

    node: str


class ListCommands(NamedTuple):
    """`list-commands`: every verb."""


class MetricsState(NamedTuple):
    """`metrics-state`: the built-in monitoring."""


class Remove(NamedTuple):
    """`remove`: remove a key."""

    key: str


class Replicate(NamedTuple):
    """`replicate`: a peer's set."""

    database: str
    key: str
    text: str
    version: int


class ReplicateIncrement(NamedTuple):
    """`replicate-increment`: a peer's increment."""

    database: str
    key: str
    step: int


class ReplicateJoin(NamedTuple):
    """`replicate-join`: dial a fellow secondary."""

    node: str


class ReplicateLeave(NamedTuple):
    """`replicate-leave`: drop a member, without an election."""

    node: str


class ReplicateRemove(NamedTuple):
    """`replicate-remove`: a peer's remove."""

    database: str
    key: str


class ReplicateRequest(NamedTuple):
    """`rp`: a command that wants an acknowledgement."""

    operation_id: int
    text: str


class ReplicateSince(NamedTuple):
    """`replicate-since`: a member asks for what it missed."""

    node: str
    since: int


class ReplicateSnapshot(NamedTuple):
    """`replicate-snapshot`: a peer's snapshot."""

    databases: tuple[str, ...]
    reclaim: bool


class Resolve(NamedTuple):
    """`resolve`: an arbiter's verdict."""

    operation_id: int
    database: str
    key: str
    text: str
    version: int


class Set(NamedTuple):
    """`set` (version -1) and `set-safe`: write a value."""

    key: str
    text: str
    version: int


class SetPermissions(NamedTuple):
    """`set-permissions`: what a user may do with which keys."""

    user: str
    permissions: tuple[Permission, ...]


class SetPrimary(NamedTuple):
    """`set-primary`: a node says that it is the primary."""

    node: str


class SetSecondary(NamedTuple):
    """`set-secoundary` (sic): a node says that it is a secondary."""

    node: str


class Snapshot(NamedTuple):
    """`snapshot`: queue databases to be written to disk; no names means the selected database."""

    databases: tuple[str, ...]
    reclaim: bool


class Unwatch(NamedTuple):
    """`unwatch`: no more notices about a key."""

    key: str


class UnwatchAll(NamedTuple):
    """`unwatch-all`: no more notices; also run at the end of every connection and HTTP request."""


class UseDb(NamedTuple):
    """`use-db` and `use`: select a database, as a user of it or by its token."""

    name: str
    token: str
    user: str | None


class Watch(NamedTuple):
    """`watch`: send a notice at every change of a key."""

    key: str


Command = (
    Acknowledge
    | Arbiter
    | Auth
    | ClusterState
    | CreateDb
    | CreateUser
    | Debug
    | ElectionActive
    | ElectionCandidate
    | ElectionWin
    | Get
    | GetSafe
    | Increment
    | Join
    | Keys
    | Leave
    | ListCommands
    | MetricsState
    | Remove
    | Replicate
    | ReplicateIncrement
    | ReplicateJoin
    | ReplicateLeave
    | ReplicateRemove
    | ReplicateRequest
    | ReplicateSince
    | ReplicateSnapshot
    | Resolve
    | Set
    | SetPermissions
    | SetPrimary
    | SetSecondary
    | Snapshot
    | Unwatch
    | UnwatchAll
    | UseDb
    | Watch
)
