"""The types family, sample, panel and collector, as plain data, and the families of the scrape itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from nundb_exporter.config.settings import DEFAULT_MAX_PENDING_OPERATIONS
from nundb_exporter.errors import ProtocolError, Reason
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply


class Sample(NamedTuple):
    """One value of a family; `labels` are the label values in the order of the family's label names."""

    family: "Family"
    labels: tuple[str, ...]
    value: float


# Families are compared by identity, which is faster: each is created once, and a scrape does hundreds of lookups.
@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A metric family, defined once: samples, panels, alerting rules, documentation and tests refer to this object."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    """A sentence that ends with the source of the value in brackets."""
    labels: tuple[str, ...] = ()
    since: str = "2021-12"
    """The month of the first Nun-db that has the value."""
    caveat: str = ""
    """What a reader must know to interpret the value; empty if there is nothing."""

    def __str__(self) -> str:
        return self.name

    def where(self, *matchers: str, **equal: str) -> str:
        """Return the family in PromQL, narrowed to label values, and by matchers such as `role!="primary"`."""
        narrowed = [*matchers, *(f'{label}="{value}"' for label, value in equal.items())]
        return f"{self.name}{{{','.join(narrowed)}}}" if narrowed else self.name

    def select(self, *matchers: str, **equal: str) -> str:
        """Return the family in PromQL, narrowed by the dashboard's variables and as by `where`."""
        variables = ['job=~"$job"', 'instance=~"$instance"']
        if "database" in self.labels:
            variables.append('database=~"$database"')
        return self.where(*variables, *matchers, **equal)

    @property
    def selected(self) -> str:
        """The family in PromQL, narrowed by the dashboard's variables."""
        return self.select()

    def sample(self, value: float, *labels: str) -> Sample:
        """Return one sample of this family."""
        # Sample(...) would run a constructor in Python: three times as slow, for hundreds of samples per page.
        return tuple.__new__(Sample, (self, labels, value))


class ShownAs(NamedTuple):
    """How a dashboard shows a value that stands for a state: its text and colour."""

    value: float
    text: str
    colour: str


class Query(NamedTuple):
    """One of several expressions of a panel: a column of a table."""

    title: str
    expression: str
    unit: str = "short"
    shown_as: tuple[ShownAs, ...] = ()


class Panel(NamedTuple):
    """How a dashboard shows a family; kept beside the family because it changes with it."""

    title: str
    expression: str
    """PromQL; made with `Family.selected` or `Family.select`."""
    unit: str
    """Grafana's name of the unit: `short`, `bytes`, `s`, `percentunit`, `dateTimeFromNow` …"""
    description: str
    legend: str = "{{instance}}"
    """For a table: the heading of the value; if it contains a label, the value is not shown."""
    kind: Literal["timeseries", "stat", "table", "states"] = "timeseries"
    warning: float | None = None
    """Yellow from this value on."""
    critical: float | None = None
    """Red from this value on."""
    shown_as: tuple[ShownAs, ...] = ()
    columns: tuple[Query, ...] = ()
    """For a table: further columns, joined by the labels that they share with the first."""


class Probe(NamedTuple):
    """The result of probing one transport; `connect_seconds` is None if it is down."""

    transport: str
    is_up: bool
    connect_seconds: float | None


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that collectors need."""

    databases: tuple[str, ...] = ()
    """The databases whose token is configured."""
    max_pending_operations: int = DEFAULT_MAX_PENDING_OPERATIONS
    """Above this number `debug pending-ops` is not sent: Nun-db copies every value into the reply and its log."""


@dataclass(slots=True)
class Answers:
    """Everything that the node has answered so far in one scrape."""

    options: Options = field(default_factory=Options)
    node: dict[Command, Reply] = field(default_factory=dict)
    """Replies to commands asked outside a database."""
    database: dict[tuple[str, Command], Reply] = field(default_factory=dict)
    """Replies to commands asked within a database, by its name."""
    failures: dict[str, str] = field(default_factory=dict)
    """Databases whose session failed or has not ended, and why."""
    probes: dict[str, Probe] = field(default_factory=dict)
    """By transport; one that was not probed yet is missing."""

    def payload(self, command: Command) -> str | None:
        """Return the text of a reply, or None if this server is older than the command.

        Raises:
            ProtocolError: the node refused the command, or did not answer it.
        """
        return _payload(command, self.node.get(command))

    def opened_databases(self) -> Iterator[str]:
        """Yield the databases whose session succeeded: a failure of one must not affect the others' samples.

        Raises:
            ProtocolError: after the last of them, if the session of another failed.
        """
        yield from (name for name in self.options.databases if name not in self.failures)
        if self.failures:
            name, failure = next(iter(self.failures.items()))
            raise ProtocolError(f"database {name}: {failure}")

    def database_payload(self, name: str, command: Command) -> str | None:
        """Return the text of a reply from within a database, or None if this server is older than the command.

        Raises:
            ProtocolError: the database refused the command, or did not answer it.
        """
        return _payload(command, self.database.get((name, command)))


def _payload(command: Command, reply: Reply | None) -> str | None:
    if reply is None:
        raise ProtocolError(f"{command}: not answered")
    if reply.text is not None:
        return reply.text
    if reply.is_unsupported:
        return None
    raise ProtocolError(f"{command}: refused")


def _nothing(_: Answers) -> Iterable[Command]:
    return ()


def _nothing_inside(_: Answers) -> Mapping[str, Sequence[Command]]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """One subject: its commands, and how it parses the replies. Pure; the scrape sends the commands.

    A command that several collectors need is sent once. If `parse` raises ProtocolError, only that collector fails.
    """

    name: str
    help: str
    families: tuple[Family, ...]
    parse: Callable[[Answers], Iterable[Sample]]
    commands: tuple[Command, ...] = ()
    """Commands for the node, sent together with those of all collectors in one request."""
    database_commands: tuple[Command, ...] = ()
    """Commands for each database with a configured token, sent together with those of all collectors in one session."""
    follow_up: Callable[[Answers], Iterable[Command]] = _nothing
    """Further commands for the node, given the first replies; each is sent in a request of its own."""
    database_follow_up: Callable[[Answers], Mapping[str, Sequence[Command]]] = _nothing_inside
    """Further commands, by database."""
    probes: tuple[str, ...] = ()
    """Transports to probe."""
    is_default: bool = True
    panels: tuple[Panel, ...] = ()


UP: Final = Family(
    "nundb_up",
    "gauge",
    "Whether the node answered, accepted the credentials and returned valid metrics (metrics-state).",
    since="2021-10",
)
SCRAPE_FAILURE: Final = Family(
    "nundb_scrape_failure",
    "gauge",
    "Why the node is not up: 1 for the reason, 0 for all others; all are 0 while it is up (nundb-exporter).",
    labels=("reason",),
)
SCRAPE_DURATION: Final = Family(
    "nundb_scrape_duration_seconds",
    "gauge",
    "Time that the scrape of the node took (nundb-exporter).",
)
SCRAPE_TIMEOUT: Final = Family(
    "nundb_scrape_timeout_seconds",
    "gauge",
    "Time that the scrape was allowed: Prometheus' scrape_timeout, less --timeout-offset (nundb-exporter: "
    "X-Prometheus-Scrape-Timeout-Seconds).",
)
COLLECTOR_DURATION: Final = Family(
    "nundb_scrape_collector_duration_seconds",
    "gauge",
    "Time that the collector's own requests and parsing took; the request that all collectors share is counted only in "
    "nundb_scrape_duration_seconds (nundb-exporter).",
    labels=("collector",),
)
COLLECTOR_SUCCESS: Final = Family(
    "nundb_scrape_collector_success",
    "gauge",
    "Whether the collector succeeded (nundb-exporter).",
    labels=("collector",),
)
SCRAPE_FAMILIES: Final = (UP, SCRAPE_FAILURE, SCRAPE_DURATION, SCRAPE_TIMEOUT, COLLECTOR_DURATION, COLLECTOR_SUCCESS)
REASONS: Final = tuple(Reason)

BUILD_INFO: Final = Family(
    "nundb_exporter_build_info",
    "gauge",
    "The exporter's version; the value is always 1 (nundb-exporter).",
    labels=("version", "python"),
)
REQUESTS_REJECTED: Final = Family(
    "nundb_exporter_requests_rejected_total",
    "counter",
    "Requests answered with status 503 because --web.max-requests were in progress (nundb-exporter).",
)
SAMPLES_DROPPED: Final = Family(
    "nundb_exporter_samples_dropped_total",
    "counter",
    "Samples dropped because the page already had one with the same name and labels (nundb-exporter).",
)
_AGE: Final = "at most a second old"
"""In the help of every cached value (process.py)."""
PROCESS_CPU: Final = Family(
    "process_cpu_seconds_total", "counter", f"User and system CPU time of the exporter; {_AGE} (RUSAGE_SELF)."
)
PROCESS_RESIDENT: Final = Family(
    "process_resident_memory_bytes", "gauge", f"Resident memory of the exporter; {_AGE} (/proc/self/stat)."
)
PROCESS_VIRTUAL: Final = Family(
    "process_virtual_memory_bytes", "gauge", f"Virtual memory of the exporter; {_AGE} (/proc/self/stat)."
)
PROCESS_START: Final = Family(
    "process_start_time_seconds", "gauge", "Start time of the exporter, in seconds since the epoch (/proc/self/stat)."
)
PROCESS_OPEN_FDS: Final = Family(
    "process_open_fds", "gauge", f"Open file descriptors of the exporter; {_AGE} (/proc/self/fd)."
)
PROCESS_MAX_FDS: Final = Family(
    "process_max_fds", "gauge", "Maximum number of open file descriptors of the exporter (RLIMIT_NOFILE)."
)
PYTHON_INFO: Final = Family(
    "python_info",
    "gauge",
    "The version of Python; the value is always 1 (sys.version_info).",
    labels=("implementation", "version"),
)
EXPORTER_FAMILIES: Final = (
    BUILD_INFO,
    REQUESTS_REJECTED,
    SAMPLES_DROPPED,
    PROCESS_CPU,
    PROCESS_RESIDENT,
    PROCESS_VIRTUAL,
    PROCESS_START,
    PROCESS_OPEN_FDS,
    PROCESS_MAX_FDS,
    PYTHON_INFO,
)
