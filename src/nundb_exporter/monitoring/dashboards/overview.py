"""The fleet on one page: who is up, who is primary, what is pending, how logs grow, what fires; and the exporter."""

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
from nundb_exporter.monitoring.alerts.exporter import SLOW_SHARE
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard, Row

_FIRING = 'ALERTS{alertname=~"Nundb.*",alertstate="firing",job=~"$job",instance=~"$instance|"}'
_STATES = (ShownAs(0, "down", "red"), ShownAs(1, "up", "green"))


def _by_node(expression: Family | str) -> str:
    text = expression.selected if isinstance(expression, Family) else expression
    return f"max by (job, instance) ({text})"


_NODES = (
    Panel(
        "Nodes",
        f"count({UP.selected})",
        "short",
        "Nodes that are scraped, whether they answer or not.",
        legend="nodes",
        kind="stat",
    ),
    Panel(
        "Nodes down",
        f"sum(1 - {UP.selected})",
        "short",
        "Nodes that gave no usable answer; the row of the exporter says why.",
        legend="nodes",
        kind="stat",
        critical=1,
    ),
    Panel(
        "Primaries",
        f"count by (job) (group by (job, member) ({cluster.MEMBER.select(role='primary')})) "
        f"or 0 * count by (job) ({UP.selected})",
        "short",
        "Members of each cluster that somebody takes for the primary: 1. One job is one cluster.",
        legend="{{job}}",
        kind="stat",
        shown_as=(ShownAs(0, "0", "red"), ShownAs(1, "1", "green")),
        critical=2,
    ),
    Panel(
        "Members",
        f"max by (job) (count by (job, instance) ({cluster.MEMBER.selected}))",
        "short",
        "Members of each cluster, by the longest list that one of its nodes gives.",
        legend="{{job}}",
        kind="stat",
    ),
    Panel(
        "Pending operations now",
        f"sum({replication.PENDING.selected})",
        "short",
        "Operations that not every member has acknowledged, of all nodes.",
        legend="operations",
        kind="stat",
        critical=replication.BACKLOG,
    ),
    Panel(
        "Alerts firing",
        f"count({_FIRING}) or vector(0)",
        "short",
        "Alerts of the shipped rules that fire now; they are drawn on every chart as red lines.",
        legend="alerts",
        kind="stat",
        warning=1,
    ),
    Panel(
        "State",
        UP.selected,
        "short",
        "Whether each node answered, accepted the credentials and gave metrics that parse.",
        kind="states",
        shown_as=_STATES,
    ),
    cluster.ROLE_PANEL,
    Panel(
        "Each node now",
        _by_node(UP),
        "short",
        "One line for each node: what it is, and what it owes or is owed.",
        kind="table",
        columns=(
            Query("State", _by_node(UP), shown_as=_STATES),
            Query("Role", cluster.ROLE_NUMBER, shown_as=cluster.ROLES_SHOWN),
            Query("Uptime", _by_node(f"time() - {process.START_TIME.selected}"), "s"),
            Query("Pending operations", _by_node(replication.PENDING)),
            Query("Operation log", _by_node(oplog.SIZE), "bytes"),
            Query("Records a second", _by_node(f"deriv({oplog.RECORDS.selected}[$__rate_interval])"), "ops"),
            Query("Query time", _by_node(queries.DURATION), "s"),
        ),
    ),
    Panel(
        "What fires",
        f"max by (alertname, severity, job, instance, database, member) ({_FIRING})",
        "short",
        "Alerts of the shipped rules that fire now. Their runbook is docs/runbook.md.",
        kind="table",
    ),
)
_EXPORTER = (
    Panel(
        "Scrape duration",
        SCRAPE_DURATION.selected,
        "s",
        "How long the exporter took to ask the node and to read its answers.",
    ),
    Panel(
        "Timeout used",
        f"{SCRAPE_DURATION.selected} / {SCRAPE_TIMEOUT.selected}",
        "percentunit",
        "The share of its timeout that each scrape took. At 100 % values are missing.",
        warning=SLOW_SHARE,
        critical=1,
    ),
    Panel(
        "Time by collector",
        COLLECTOR_DURATION.selected,
        "s",
        "Each collector's own requests and its reading; the request that all share is in the scrape's duration alone.",
        "{{collector}} of {{instance}}",
    ),
    Panel(
        "Why nodes are down",
        f"{SCRAPE_FAILURE.selected} == 1",
        "short",
        f"The reason that each failed scrape gave: {', '.join(Reason)}. Nothing is drawn while all is well.",
        "{{reason}}: {{instance}}",
        critical=1,
    ),
    Panel(
        "Refused and dropped",
        f"rate({REQUESTS_REJECTED.selected}[$__rate_interval]) + rate({SAMPLES_DROPPED.selected}[$__rate_interval])",
        "ops",
        "Requests answered 503, and samples left out because they occurred twice, a second: 0.",
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
        "Resident memory of the exporter. It should be flat.",
    ),
    Panel(
        "Exporter's open files",
        PROCESS_OPEN_FDS.selected,
        "short",
        "Open file descriptors of the exporter: connections, above all. It should be flat.",
    ),
    Panel(
        "Collectors",
        COLLECTOR_SUCCESS.selected,
        "short",
        "Whether each collector read the answers it needs.",
        "{{collector}} of {{instance}}",
        kind="states",
        shown_as=(ShownAs(0, "failed", "red"), ShownAs(1, "well", "green")),
    ),
    Panel(
        "Exporter's version",
        f"count by (version, python) ({BUILD_INFO.selected})",
        "short",
        "Versions of the exporters and of their Python, and how many run each.",
        "Exporters",
        kind="table",
    ),
)
DASHBOARD = Dashboard(
    uid="nundb-overview",
    title="Nun-db overview",
    description="The fleet: who is up, who is primary, what is pending, how operation logs grow, what fires.",
    rows=(
        Row("The fleet", _NODES),
        Row("Replication and operation log", (*replication.COLLECTOR.panels, *oplog.COLLECTOR.panels)),
        Row("The nodes themselves", (*process.COLLECTOR.panels, *queries.COLLECTOR.panels)),
        Row("Transports (off by default: --collector.transports)", transports.COLLECTOR.panels),
        Row("The exporter itself", _EXPORTER),
    ),
)
