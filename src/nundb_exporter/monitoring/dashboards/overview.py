"""All nodes on one page: state, roles, pending operations, operation logs, firing alerts; and the exporter."""

from typing import Final

from nundb_exporter.collectors import cluster, oplog, process, queries, replication, transports
from nundb_exporter.errors import Reason
from nundb_exporter.metrics import (
    BUILD_INFO,
    COLLECTOR_DURATION,
    COLLECTOR_SUCCESS,
    PROCESS_CPU,
    PROCESS_OPEN_FDS,
    PROCESS_RESIDENT,
    REQUESTS_REJECTED,
    SAMPLES_DROPPED,
    SCRAPE_DURATION,
    SCRAPE_FAILURE,
    SCRAPE_TIMEOUT,
    UP,
    Family,
    Panel,
    Query,
    ShownAs,
)
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row
from nundb_exporter.monitoring.views import FIRING, members, primaries
from nundb_exporter.problems.exporter import SLOW_SHARE
from nundb_exporter.problems.replication import BACKLOG

_STATES: Final = (ShownAs(0, "down", "red"), ShownAs(1, "up", "green"))


def _by_node(expression: Family | str) -> str:
    text = expression.selected if isinstance(expression, Family) else expression
    return f"max by (job, instance) ({text})"


_NODES: Final = (
    Panel(
        "Nodes",
        f"count({UP.selected})",
        "short",
        "Nodes that are scraped, whether they answer or not.",
        value_title="nodes",
        kind="stat",
    ),
    Panel(
        "Nodes down",
        f"sum(1 - {UP.selected})",
        "short",
        "Nodes that gave no usable answer; the exporter's row shows why.",
        value_title="nodes",
        kind="stat",
        critical=1,
    ),
    Panel(
        "Primaries",
        f"{primaries(Family.select)} or 0 * count by (job) ({UP.selected})",
        "short",
        "Members of each cluster that a node lists as primary; should be 1. One job is one cluster.",
        legend="{{job}}",
        kind="stat",
        shown_as=(ShownAs(0, "0", "red"), ShownAs(1, "1", "green")),
        critical=2,
    ),
    Panel(
        "Members",
        members(Family.select),
        "short",
        "Members of each cluster, in the longest list of any of its nodes.",
        legend="{{job}}",
        kind="stat",
    ),
    Panel(
        "Pending operations now",
        f"sum({replication.PENDING.selected})",
        "short",
        "Operations not yet acknowledged by every member, summed over all nodes.",
        value_title="operations",
        kind="stat",
        critical=BACKLOG,
    ),
    Panel(
        "Alerts firing",
        f"count({FIRING}) or vector(0)",
        "short",
        "Alerts of the shipped rules that are firing. Every chart shows them as red lines.",
        value_title="alerts",
        kind="stat",
        warning=1,
    ),
    Panel(
        "State",
        UP.selected,
        "short",
        "Whether each node answered, accepted the credentials and returned valid metrics.",
        kind="states",
        shown_as=_STATES,
    ),
    cluster.ROLE_PANEL,
    Panel(
        "Nodes now",
        _by_node(UP),
        "short",
        "One line per node: its state, role, pending operations and speed.",
        kind="table",
        columns=(
            Query("State", _by_node(UP), shown_as=_STATES),
            Query("Role", cluster.ROLE_NUMBER, shown_as=cluster.ROLES_SHOWN),
            Query("Uptime", _by_node(f"time() - {process.START_TIME.selected}"), "s"),
            Query("Pending", _by_node(replication.PENDING)),
            Query("Operation log", _by_node(oplog.SIZE), "bytes"),
            Query("Records/s", _by_node(f"deriv({oplog.RECORDS.selected}[$__rate_interval])"), "ops"),
            Query("Query time", _by_node(queries.DURATION), "s"),
        ),
    ),
    Panel(
        "Firing alerts",
        f"max by (alertname, severity, job, instance, database, member) ({FIRING})",
        "short",
        "Alerts of the shipped rules that are firing. Their runbook is docs/runbook.md.",
        kind="table",
    ),
)
_EXPORTER: Final = (
    Panel(
        "Scrape duration",
        SCRAPE_DURATION.selected,
        "s",
        "Time that the exporter took to ask the node and to parse its replies.",
    ),
    Panel(
        "Timeout used",
        f"{SCRAPE_DURATION.selected} / {SCRAPE_TIMEOUT.selected}",
        "percentunit",
        "Share of its timeout that each scrape took. At 100 % values are missing.",
        warning=SLOW_SHARE,
        critical=1,
    ),
    Panel(
        "Time by collector",
        COLLECTOR_DURATION.selected,
        "s",
        "Each collector's own requests and parsing; the request that all share is only in the scrape duration.",
        "{{collector}} of {{instance}}",
    ),
    Panel(
        "Why nodes are down",
        f"{SCRAPE_FAILURE.selected} == 1",
        "short",
        f"The reason of each failed scrape: {', '.join(Reason)}. Empty while all nodes are up.",
        "{{reason}}: {{instance}}",
        critical=1,
    ),
    Panel(
        "Rejected requests and dropped samples",
        f"rate({REQUESTS_REJECTED.selected}[$__rate_interval]) + rate({SAMPLES_DROPPED.selected}[$__rate_interval])",
        "ops",
        "Requests answered with 503, and duplicate samples dropped, per second; should be 0.",
        warning=0.001,
    ),
    Panel(
        "Exporter's CPU",
        f"rate({PROCESS_CPU.selected}[$__rate_interval])",
        "percentunit",
        "CPU time that the exporter uses: 100 % is one core.",
    ),
    Panel(
        "Exporter's memory",
        PROCESS_RESIDENT.selected,
        "bytes",
        "Resident memory of the exporter; should be flat.",
    ),
    Panel(
        "Exporter's open files",
        PROCESS_OPEN_FDS.selected,
        "short",
        "Open file descriptors of the exporter, mostly connections; should be flat.",
    ),
    Panel(
        "Collectors",
        COLLECTOR_SUCCESS.selected,
        "short",
        "Whether each collector received and parsed the replies that it needs.",
        "{{collector}} of {{instance}}",
        kind="states",
        shown_as=(ShownAs(0, "failed", "red"), ShownAs(1, "ok", "green")),
    ),
    Panel(
        "Exporter's version",
        f"count by (version, python) ({BUILD_INFO.selected})",
        "short",
        "Versions of the exporters and of their Python, and the number of exporters with each.",
        value_title="Exporters",
        kind="table",
    ),
)
DASHBOARD: Final = Dashboard(
    uid="nundb-overview",
    title="Nun-db overview",
    description="All nodes: state, roles, pending operations, operation logs, firing alerts; and the exporter.",
    rows=(
        Row("All nodes", _NODES),
        Row("Replication and operation log", (*replication.COLLECTOR.panels, *oplog.COLLECTOR.panels)),
        Row("Uptime and query time", (*process.COLLECTOR.panels, *queries.COLLECTOR.panels)),
        Row("Transports (off by default: --collector.transports)", transports.COLLECTOR.panels),
        Row("Exporter", _EXPORTER),
    ),
)
