"""The verbs of the database: one class each, which holds all there is to say about it.

To add one, write its class in the file of its subject, and name it in VERBS.
"""

from typing import Final

from nundb_devserver.commands.command import Command
from nundb_devserver.commands.verbs.conflicts import Arbiter, Resolve
from nundb_devserver.commands.verbs.data import Get, GetSafe, Increment, Keys, Remove, Set, SetSafe
from nundb_devserver.commands.verbs.databases import CreateDb, Snapshot, UseDb
from nundb_devserver.commands.verbs.elections import ElectionMessage, SetPrimary, SetSecondary
from nundb_devserver.commands.verbs.membership import Join, Leave, ReplicateJoin, ReplicateLeave, ReplicateSince
from nundb_devserver.commands.verbs.monitoring import ClusterState, Debug, ListCommands, MetricsState
from nundb_devserver.commands.verbs.replication import (
    Acknowledge,
    Replicate,
    ReplicateIncrement,
    ReplicateRemove,
    ReplicateRequest,
    ReplicateSnapshot,
)
from nundb_devserver.commands.verbs.users import Auth, CreateUser, SetPermissions
from nundb_devserver.commands.verbs.watching import Unwatch, UnwatchAll, Watch

VERBS: Final[tuple[type[Command], ...]] = (
    Acknowledge,
    Arbiter,
    Auth,
    ClusterState,
    CreateDb,
    CreateUser,
    Debug,
    ElectionMessage,
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
    SetSafe,
    SetSecondary,
    Snapshot,
    Unwatch,
    UnwatchAll,
    UseDb,
    Watch,
)
