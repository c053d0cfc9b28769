"""The report: what is known about some nodes, in numbers and in words, and what is wrong with them.

It is plain data, which `check --json` and `GET /report` send as it is. `texts` holds what is to be shown, mostly under
the name of a field: numbers as people write them, names with nothing invisible in them, a dash for what is unknown.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Final, Literal

from nundb_exporter.problems.problem import Severity

UNKNOWN: Final = "–"  # noqa: RUF001 - an en dash, as tables of numbers have it
_DESCRIBED: Final = {"use_attribute_docstrings": True}
"""Tells pydantic, which makes the schema (schema.py), that docstrings describe the fields."""
State = Literal["up", "attention", "down"]
"""attention: every node is up, and something is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong, or that is worth knowing."""

    __pydantic_config__: ClassVar = _DESCRIBED
    id: str
    """The name of the problem; also of the runbook's entry, and of the alert if there is one."""
    severity: Severity
    """critical and warning are problems; info is only for information."""
    sentence: str
    """What is wrong, as one sentence."""
    advice: str
    """What to do first, as one sentence."""
    runbook: str
    """The URL of the runbook's entry."""
    node: str | None = None
    """The URL of the node that it is about; null if it is about several."""
    member: str | None = None
    """The member that it is about."""
    database: str | None = None
    """The database that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of the cluster as one node sees it."""

    __pydantic_config__: ClassVar = _DESCRIBED
    name: str
    role: str | None
    """primary, secondary or starting_up; null if it has left the cluster."""
    is_self: bool
    """Whether it is the node that lists it."""
    has_left: bool
    """Whether the node no longer lists it, and keeps operations for it."""
    is_connected: bool | None
    """Whether the node has a link to it; null for the node itself, and where the node does not say."""
    unacknowledged: int | None
    """How many operations it has not acknowledged."""
    oldest_pending_seconds: float | None
    """How long it has not acknowledged the oldest of them, by the exporter's clock."""
    overdue: int | None
    """How many it has not acknowledged for longer than acknowledgements ever take, or owes and has left."""
    overdue_data: int | None
    """How many of these are about data; the others announce a join or an election."""
    newest_overdue_seconds: float | None
    """How old the newest of them is, by the exporter's clock."""
    is_late: bool
    """Whether any is overdue."""
    has_outlived_overdue: bool | None = None
    """Whether it has started since the newest of them, and will therefore never acknowledge any; null if its start is
    not known, because it was not asked."""
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database of one node; null is what is not known of it."""

    __pydantic_config__: ClassVar = _DESCRIBED
    name: str
    """Empty for operations on the cluster itself, which belong to no database."""
    strategy: str | None = None
    """none, newer or arbiter; null if the node does not list the database."""
    connections: int | None = None
    keys: int | None = None
    unresolved_conflicts: int | None = None
    resolved_conflicts: int | None = None
    pending: dict[str, int] = field(default_factory=dict)
    """Operations on it that not every member has acknowledged, by kind."""
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDatabase:
    """What a node's files say of a database; null is what they do not."""

    __pydantic_config__: ClassVar = _DESCRIBED
    name: str
    """Empty for all databases together that were never saved: no file tells their names."""
    saved: datetime | None = None
    """When its last snapshot ended."""
    saved_seconds: float | None = None
    """How long ago that was."""
    unsaved_operations: int | None = None
    """Changes since then, which a crash would lose."""
    asked_seconds: float | None = None
    """How long ago a snapshot was asked for that is not done."""
    size_bytes: int = 0
    damage: tuple[str, ...] = ()
    """Which of its files are damaged: keys, values, metadata, reclaim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredData:
    """What a node's data directory says; null is what it does not, or what is not read yet."""

    __pydantic_config__: ClassVar = _DESCRIBED
    is_oplog_valid: bool | None
    """Whether a start keeps the operation log."""
    is_restart_safe: bool | None
    """Whether the node could join again if it were killed now."""
    is_oplog_torn: bool | None
    is_key_map_damaged: bool
    never_saved: int | None
    """Databases that no snapshot has saved."""
    colliding: int | None
    """Databases that share their number with another one."""
    unknown_keys: int | None
    """Keys in the operation log whose numbers are not saved."""
    free_bytes: int | None
    """Of the file system."""
    capacity_bytes: int | None
    free_inodes: int | None
    """Files that it can hold further; null if it does not limit them."""
    inodes: int | None
    databases: tuple[StoredDatabase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorReport:
    """A collector that ran."""

    __pydantic_config__: ClassVar = _DESCRIBED
    name: str
    seconds: float
    """The time of its own requests and parsing."""
    failure: str | None
    """Why it failed; null if it succeeded."""
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeReport:
    """One node's state at one moment; null is what the node does not report."""

    __pydantic_config__: ClassVar = _DESCRIBED
    url: str
    module: str | None = None
    """With which module of the configuration it was asked; null where it is judged alone. Nodes of different modules
    are different clusters, unless one lists the other."""
    page: str | None = None
    """Where its own page is, relative to the report of several nodes; null in the report of one."""
    same_as: str | None = None
    """The URL of a node listed before, if this is another address of the same node."""
    is_up: bool
    reason: str | None = None
    """connect, timeout, auth or protocol: why it is not up."""
    failure: str | None = None
    """The reason with its details."""
    asked_at: datetime
    """When, by the exporter's clock."""
    scrape_seconds: float
    allowed_seconds: float | None = None
    """The time that the scrape might have taken."""
    role: str | None = None
    """primary, secondary or starting_up, as the node reports it."""
    acting_primary: bool | None = None
    """Whether it acts as primary."""
    started: datetime | None = None
    """By the node's clock."""
    uptime_seconds: float | None = None
    clock_offset_seconds: float | None = None
    """How far its clock is ahead of the exporter's, to half a second; negative if it is behind."""
    pending_operations: int | None = None
    max_pending_operations: int
    """More are not listed by member and database."""
    is_pending_listed: bool = False
    """Whether it is known which member has not acknowledged how many operations."""
    stuck_snapshots: int | None = None
    snapshots_wait_for: tuple[str, ...] | None = None
    """The members that have not acknowledged them; empty if every one has."""
    oplog_bytes: int | None = None
    oplog_records: int | None = None
    replication_seconds: float | None = None
    """The node's moving average."""
    query_seconds: float | None = None
    """The node's moving average."""
    open_files: int | None = None
    """File descriptors of its process, by the host that it shares with the exporter."""
    max_files: int | None = None
    """How many it may open."""
    canary_failure: str | None = None
    """Why the canary could not write; null if it could, or if there is none."""
    is_canary_paused: bool | None = None
    """Whether it has stopped, because a member hangs; null if there is none."""
    diverged_members: tuple[str, ...] = ()
    """The members that do not hold what the canary wrote on the primary."""
    damaged_members: tuple[str, ...] = ()
    """The members that have lost words of a value that nobody has changed."""
    log_age_seconds: float | None = None
    """How old the newest line of its log is, by the exporter's clock; null if the exporter does not read the log."""
    snapshot_thread_silent_seconds: float | None = None
    """How long before that line its snapshot thread gave its last sign of life; null until it gives one."""
    members: tuple[Member, ...] = ()
    databases: tuple[Database, ...] = ()
    database_count: int | None = None
    """How many databases it lists: of very many, only the first by name are reported."""
    data: StoredData | None = None
    """What its data directory says; null if the exporter does not read it."""
    transports: dict[str, bool] = field(default_factory=dict)
    """Whether each transport that was probed answers."""
    collectors: tuple[CollectorReport, ...] = ()
    """Without those that need answers, if the node gave none to read."""
    unsupported_commands: tuple[str, ...] = ()
    """Commands that this Nun-db is too old for."""
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str | None:
        """The member that it calls itself."""
        return next((member.name for member in self.members if member.is_self), None)

    @property
    def failures(self) -> dict[str, str]:
        """Why collectors failed, by their name."""
        return {each.name: each.failure for each in self.collectors if each.failure is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How one node sees one member."""

    __pydantic_config__: ClassVar = _DESCRIBED
    text: str
    """P, S or U for primary, secondary or starting up, with ✗ if the link is lost; else a dash if not listed, or ?;
    empty for a member of another cluster."""
    sentence: str
    """The same in words."""
    is_odd: bool
    """Whether more nodes see the member in another role, or not at all; of equally many, all are odd."""
    is_lost: bool
    """Whether the node has no link to the member."""
    is_self: bool
    """Whether the node is the member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How one node sees its cluster."""

    __pydantic_config__: ClassVar = _DESCRIBED
    url: str
    """The node."""
    sights: tuple[Sight, ...]
    """One for each of the report's members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExporterReport:
    """The exporter that serves the report."""

    __pydantic_config__: ClassVar = _DESCRIBED
    version: str
    memory_bytes: int | None
    open_files: int | None
    max_files: int | None
    started: datetime | None
    requests_rejected: int
    samples_dropped: int
    texts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is known about some nodes, and what is wrong with them."""

    __pydantic_config__: ClassVar = _DESCRIBED
    healthy: bool
    """Whether there is no finding but information."""
    state: State
    headline: str
    """The state in a few words."""
    summary: str
    """What was checked and is in order, as a sentence; empty if nothing is."""
    findings: tuple[Finding, ...]
    """The worst first."""
    nodes: tuple[NodeReport, ...]
    members: tuple[str, ...] = ()
    """The names of the members that any node lists, made visible."""
    views: tuple[View, ...] = ()
    """Who sees whom: a view for each node; empty where a node is alone."""
    exporter: ExporterReport | None = None
    """The exporter that serves the report; null if a command made it."""
