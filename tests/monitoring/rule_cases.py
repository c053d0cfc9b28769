"""Situations, as series over time, and the alerts that must fire in each: those and no others."""

from dataclasses import dataclass, field
from typing import Any

from nundb_exporter.collectors import (
    acting_role,
    cluster,
    conflicts,
    connections,
    databases,
    oplog,
    pending,
    process,
    queries,
    replication,
    transports,
)
from nundb_exporter.metrics import (
    COLLECTOR_SUCCESS,
    REQUESTS_REJECTED,
    SAMPLES_DROPPED,
    SCRAPE_DURATION,
    SCRAPE_FAILURE,
    SCRAPE_TIMEOUT,
    UP,
    Family,
)
from nundb_exporter.monitoring import alerts
from nundb_exporter.monitoring.rule import Alert

Series = dict[str, str]


@dataclass(frozen=True)
class Fired:
    """An alert as a person receives it."""

    text: str
    labels: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One situation, and what fires in it: no more than that."""

    about: str
    series: Series
    at: str
    fires: dict[str, Fired] = field(default_factory=dict)
    misses: tuple[Alert, ...] = ()
    """The alerts that a careless rule would fire here."""
    interval: str = "15s"


def of(family: Family | str, values: str, instance: str = "a", **labels: str) -> Series:
    """One series of the exporter `instance`, in promtool's notation: start+step x times, _ for nothing."""
    every = {"job": "nundb", "instance": instance, **labels}
    matchers = ",".join(f'{name}="{value}"' for name, value in every.items())
    return {f"{family}{{{matchers}}}": values}


def cluster_of(*lists: tuple[str, str, dict[str, str]], times: str = "x40") -> Series:
    """Nodes that all answer: (instance, own name, role by member) for each."""
    series: Series = {}
    for instance, own, members in lists:
        series |= of(UP, f"1{times}", instance)
        series |= of(COLLECTOR_SUCCESS, f"1{times}", instance, collector="cluster")
        for member, role in members.items():
            series |= of(cluster.MEMBER, f"1{times}", instance, member=member, role=role)
            if member == own:
                for each in cluster.ROLES:
                    series |= of(cluster.ROLE, f"{int(each == role)}{times}", instance, role=each)
            else:
                series |= of(cluster.CONNECTED, f"1{times}", instance, member=member)
    return series


A, B, C = "10.0.0.1:3014", "10.0.0.2:3014", "10.0.0.3:3014"
AGREED = {A: "primary", B: "secondary", C: "secondary"}
HEALTHY = cluster_of(("a", A, AGREED), ("b", B, AGREED), ("c", C, AGREED))


def _here(instance: str = "a", **labels: str) -> dict[str, str]:
    return {"job": "nundb", "instance": instance, **labels}


def _failure(reason: str, values: str, up: str) -> Series:
    series = of(UP, up)
    for each in ("connect", "timeout", "auth", "protocol"):
        series |= of(SCRAPE_FAILURE, values if each == reason else "0x400", reason=each)
    return series


def _storm(resolving: str) -> Series:
    return {
        **of(oplog.RECORDS, "0+6750x60"),
        **of(replication.PENDING, "2x60"),
        **of(pending.DATABASE, resolving, database="shop", operation="other"),
    }


NODE_CASES = (
    Case(
        about="a node refuses connections",
        series=_failure("connect", "0x3 1x40", "1x3 0x40"),
        at="4m",
        fires={
            "NundbDown": Fired(
                "The node behind a (job nundb) cannot be reached: for two minutes there has been no "
                "connection, or none that lasted.",
                _here(),
            ),
        },
    ),
    Case(
        about="a node restarts within a minute",
        series=_failure("connect", "0x3 1x4 0x40", "1x3 0x4 1x40"),
        at="4m",
        misses=(alerts.node.DOWN,),
    ),
    Case(
        about="an exporter too old to give reasons says that its node is down",
        series=of(UP, "0x40"),
        at="3m",
        fires={
            "NundbDown": Fired(
                "The node behind a (job nundb) cannot be reached: for two minutes there has been no "
                "connection, or none that lasted.",
                _here(),
            ),
        },
    ),
    Case(
        about="each scrape of a node fails for another reason than the last",
        series={
            **of(UP, "0x40"),
            **of(SCRAPE_FAILURE, " ".join(["0", "1"] * 20), reason="connect"),
            **of(SCRAPE_FAILURE, " ".join(["1", "0"] * 20), reason="timeout"),
        },
        at="5m",
        fires={
            "NundbDown": Fired(
                "The node behind a (job nundb) cannot be reached: for two minutes there has been no "
                "connection, or none that lasted.",
                _here(),
            ),
        },
        misses=(alerts.node.HUNG,),
    ),
    Case(
        about="a node accepts connections and says nothing",
        series=_failure("timeout", "1x40", "0x40"),
        at="3m",
        fires={
            "NundbHung": Fired(
                "The node behind a (job nundb) accepts connections but does not answer: for two minutes no "
                "answer has come in time.",
                _here(reason="timeout"),
            ),
        },
        misses=(alerts.node.DOWN,),
    ),
    Case(
        about="every other scrape of a node is too late",
        series=_failure("timeout", " ".join(["0", "1"] * 20), " ".join(["1", "0"] * 20)),
        at="9m",
        misses=(alerts.node.HUNG,),
    ),
    Case(
        about="the password is wrong",
        series=_failure("auth", "1x40", "0x40"),
        at="3m",
        fires={
            "NundbCredentialsRefused": Fired(
                "The node behind a (job nundb) refuses the exporter's credentials: it answers `invalid "
                "auth`, and nothing else is known about it.",
                _here(reason="auth"),
            ),
        },
        misses=(alerts.node.DOWN,),
    ),
    Case(
        about="the password is changed on the node first and on the exporter a minute later",
        series=_failure("auth", "0x3 1x4 0x40", "1x3 0x4 1x40"),
        at="4m",
        misses=(alerts.node.CREDENTIALS_REFUSED,),
    ),
    Case(
        about="a web page answers in the node's place",
        series=_failure("protocol", "1x40", "0x40"),
        at="6m",
        fires={
            "NundbAnswerUnreadable": Fired(
                "The replies of the node behind a (job nundb) are not Nun-db's: something else answers, or "
                "a Nun-db that the exporter does not know.",
                _here(reason="protocol"),
            ),
        },
        misses=(alerts.node.DOWN,),
    ),
    Case(
        about="one HTTP worker panics, and the next answer is good",
        series=_failure("protocol", "0x3 1 0x40", "1x3 0 1x40"),
        at="6m",
        misses=(alerts.node.ANSWER_UNREADABLE,),
    ),
    Case(
        about="the WebSocket listener dies and the node lives on",
        series={
            **of(UP, "1x40"),
            **of(transports.UP, "1x40", transport="http"),
            **of(transports.UP, "0x40", transport="websocket"),
        },
        at="3m",
        fires={
            "NundbTransportDown": Fired(
                "The websocket listener of the node behind a (job nundb) does not answer, while another one does.",
                _here(transport="websocket"),
            ),
        },
    ),
    Case(
        about="a transport misses one probe",
        series={**of(UP, "1x40"), **of(transports.UP, "1x5 0 1x40", transport="tcp")},
        at="3m",
        misses=(alerts.node.TRANSPORT_DOWN,),
    ),
    Case(
        about="a node starts four times in ten minutes, and is away in between",
        series={**of(UP, "1x60"), **of(process.START_TIME, "10x9 _x2 150x9 _x2 320x9 _x2 480x20")},
        at="11m",
        fires={
            "NundbRestartLoop": Fired("The node behind a (job nundb) has started 3 times within 15 minutes.", _here()),
        },
    ),
    Case(
        about="a node is restarted for an upgrade, and once more for a setting",
        series={**of(UP, "1x60"), **of(process.START_TIME, "10x9 _x2 150x9 _x2 320x30")},
        at="11m",
        misses=(alerts.node.RESTART_LOOP, alerts.node.CLOCKS_APART),
    ),
    Case(
        about="a node says that it started a minute from now",
        series={**of(UP, "1x40"), **of(process.START_TIME, "360x40")},
        at="5m",
        fires={
            "NundbClocksApart": Fired(
                "The clocks of the node behind a (job nundb) and of Prometheus differ: it reports times in "
                "the future, or a start time before its last restart.",
                _here(),
            ),
        },
    ),
    Case(
        about="an operation is made half a minute from now, and acknowledged before the next scrape",
        series={
            **of(UP, "1x40"),
            **of(process.START_TIME, "0x40"),
            **of(pending.OLDEST, "_x7 135 stale", member=B),
        },
        at="4m",
        fires={
            "NundbClocksApart": Fired(
                "The clocks of the node behind a (job nundb) and of Prometheus differ: it reports times in "
                "the future, or a start time before its last restart.",
                _here(),
            ),
        },
    ),
    Case(
        about="a node restarts and says that this was an hour ago",
        series={**of(UP, "1x300"), **of(process.START_TIME, "10x250 500x40")},
        at="66m",
        fires={
            "NundbClocksApart": Fired(
                "The clocks of the node behind a (job nundb) and of Prometheus differ: it reports times in "
                "the future, or a start time before its last restart.",
                _here(),
            ),
        },
    ),
    Case(
        about="a node restarts, its clock two seconds ahead",
        series={
            **of(UP, "1x300"),
            **of(process.START_TIME, "10x250 3767x40"),
            **of(pending.OLDEST, "_x260 3902 stale", member=B),
        },
        at="66m",
        misses=(alerts.node.CLOCKS_APART, alerts.node.RESTART_LOOP),
    ),
    Case(
        about="commands take 300 ms",
        series={**of(UP, "1x80"), **of(queries.DURATION, "0.3x80")},
        at="16m",
        fires={
            "NundbQueriesSlow": Fired(
                "Commands on the node behind a (job nundb) have taken at least 300ms on average for 15 minutes.",
                _here(),
            ),
        },
    ),
    Case(
        about="two elections of a second each raise the average of commands, and it decays with the scrapes",
        series={**of(UP, "1x80"), **of(queries.DURATION, "0.02x9 0.16 0.14 0.12 0.11 0.1 0.09x50")},
        at="16m",
        misses=(alerts.node.QUERIES_SLOW,),
    ),
)

EXPORTER_CASES = (
    Case(
        about="an exporter stops, under a job of any name",
        series={
            **of("up", "1x20 0x40", job="databases"),
            **of(UP, "1x20 _x40", job="databases"),
            **of("up", "0x60", instance="host:9100", job="machines"),
        },
        at="8m",
        fires={
            "NundbExporterDown": Fired(
                "Prometheus has had no metrics from a (job databases) for two minutes: the state of its node is "
                "unknown.",
                {"job": "databases", "instance": "a"},
            ),
        },
    ),
    Case(
        about="an exporter under the job nundb has never answered",
        series=of("up", "0x60"),
        at="3m",
        fires={
            "NundbExporterDown": Fired(
                "Prometheus has had no metrics from a (job nundb) for two minutes: the state of its node is unknown.",
                _here(),
            ),
        },
    ),
    Case(
        about="the exporter of a new node has never answered, those of the other nodes do",
        series={**of("up", "0x60", job="desk"), **of(UP, "1x60", "b", job="desk")},
        at="3m",
        fires={
            "NundbExporterDown": Fired(
                "Prometheus has had no metrics from a (job desk) for two minutes: the state of its node is unknown.",
                {"job": "desk", "instance": "a"},
            ),
        },
    ),
    Case(
        about="no exporter of a new cluster has ever answered",
        series=of("up", "0x60", job="desk/nun-db"),
        at="3m",
        fires={
            "NundbExporterDown": Fired(
                "Prometheus has had no metrics from a (job desk/nun-db) for two minutes: the state of its node is "
                "unknown.",
                {"job": "desk/nun-db", "instance": "a"},
            ),
        },
    ),
    Case(
        about="an exporter is updated within a minute",
        series={**of("up", "1x20 0x4 1x40"), **of(UP, "1x20 _x4 1x40")},
        at="8m",
        misses=(alerts.exporter.DOWN,),
    ),
    Case(
        about="service discovery returns nothing any more",
        series={**of("up", "1x20 stale"), **of(UP, "1x20 stale"), **of("up", "1x100", job="other")},
        at="16m",
        fires={
            "NundbExporterAbsent": Fired(
                "The job nundb had Nun-db nodes within the last day, and has no target now.", {"job": "nundb"}
            ),
        },
    ),
    Case(
        about="one of two nodes is taken out of the configuration",
        series={
            **of("up", "1x20 stale"),
            **of(UP, "1x20 stale"),
            **of("up", "1x100", "b"),
            **of(UP, "1x100", "b"),
        },
        at="16m",
        misses=(alerts.exporter.ABSENT, alerts.exporter.DOWN),
    ),
    Case(
        about="the token of a database is wrong",
        series={**of(UP, "1x90"), **of(COLLECTOR_SUCCESS, "0x90", collector="connections")},
        at="11m",
        fires={
            "NundbCollectorFailing": Fired(
                "The collector connections fails at the node behind a (job nundb), and its metrics are "
                "missing: it has failed in most scrapes for 20 minutes.",
                _here(collector="connections"),
            ),
        },
    ),
    Case(
        about="a collector fails in two scrapes of three",
        series={**of(UP, "1x90"), **of(COLLECTOR_SUCCESS, " ".join(["0 0 1"] * 30), collector="pending")},
        at="20m",
        fires={
            "NundbCollectorFailing": Fired(
                "The collector pending fails at the node behind a (job nundb), and its metrics are missing: "
                "it has failed in most scrapes for 20 minutes.",
                _here(collector="pending"),
            ),
        },
    ),
    Case(
        about="a collector fails in one scrape of three",
        series={**of(UP, "1x90"), **of(COLLECTOR_SUCCESS, " ".join(["0 1 1"] * 30), collector="pending")},
        at="20m",
        misses=(alerts.exporter.COLLECTOR_FAILING,),
    ),
    Case(
        about="a node is down, and its collectors have nothing to read",
        series={**of(UP, "1x10 0x80"), **of(COLLECTOR_SUCCESS, "1x10 0x80", collector="pending")},
        at="20m",
        fires={
            "NundbDown": Fired(
                "The node behind a (job nundb) cannot be reached: for two minutes there has been no "
                "connection, or none that lasted.",
                _here(),
            ),
        },
        misses=(alerts.exporter.COLLECTOR_FAILING,),
    ),
    Case(
        about="scrapes take nine of ten seconds",
        series={**of(UP, "1x60"), **of(SCRAPE_DURATION, "9x60"), **of(SCRAPE_TIMEOUT, "9.75x60")},
        at="6m",
        fires={
            "NundbScrapeSlow": Fired(
                "A scrape of the node behind a (job nundb) takes 9s on average, which is more than 80% of its timeout.",
                _here(),
            ),
        },
    ),
    Case(
        about="scrapes take nine seconds of the thirty that Prometheus allows",
        series={**of(UP, "1x60"), **of(SCRAPE_DURATION, "9x60"), **of(SCRAPE_TIMEOUT, "29.75x60")},
        at="6m",
        misses=(alerts.exporter.SCRAPE_SLOW,),
    ),
    Case(
        about="scrapes take 4.5 seconds of the five that Prometheus allows",
        series={**of(UP, "1x60"), **of(SCRAPE_DURATION, "4.5x60"), **of(SCRAPE_TIMEOUT, "4.75x60")},
        at="6m",
        fires={
            "NundbScrapeSlow": Fired(
                "A scrape of the node behind a (job nundb) takes 4.5s on average, which is more than 80% of "
                "its timeout.",
                _here(),
            ),
        },
    ),
    Case(
        about="the exporter has refused requests",
        series={**of(UP, "1x60"), **of(REQUESTS_REJECTED, "0x10 0+8x10 80x40")},
        at="8m",
        fires={
            "NundbExporterRequestsRejected": Fired(
                "a (job nundb) has answered 80 requests with 503 within 15 minutes.", _here()
            ),
        },
    ),
    Case(
        about="the exporter restarts, and its count of refused requests begins again",
        series={**of(UP, "1x200"), **of(REQUESTS_REJECTED, "7x20 0x180")},
        at="8m",
        misses=(alerts.exporter.REQUESTS_REFUSED,),
    ),
    Case(
        about="the exporter leaves out one sample of each page",
        series={**of(UP, "1x90"), **of(SAMPLES_DROPPED, "0+1x90")},
        at="20m",
        fires={
            "NundbExporterSamplesDropped": Fired("a (job nundb) has dropped 60 samples within 15 minutes.", _here()),
        },
    ),
    Case(
        about="the exporter left samples out long ago",
        series={**of(UP, "1x90"), **of(SAMPLES_DROPPED, "12x90")},
        at="20m",
        misses=(alerts.exporter.SAMPLES_LOST,),
    ),
)

CLUSTER_CASES = (
    Case(
        about="three nodes agree",
        series=HEALTHY,
        at="9m",
        misses=alerts.cluster.GROUP.alerts,
    ),
    Case(
        about="the nodes that are left list no primary",
        series=cluster_of(
            ("b", B, {B: "secondary", C: "secondary"}),
            ("c", C, {B: "secondary", C: "secondary"}),
        ),
        at="3m",
        fires={
            "NundbNoPrimary": Fired(
                "No node of the cluster nundb is primary: no node lists one, or the one that they list is "
                "not among them.",
                {"job": "nundb"},
            ),
        },
    ),
    Case(
        about="the nodes have no list at all",
        series={**of(UP, "1x40"), **of(COLLECTOR_SUCCESS, "1x40", collector="cluster")},
        at="3m",
        fires={
            "NundbNoPrimary": Fired(
                "No node of the cluster nundb is primary: no node lists one, or the one that they list is "
                "not among them.",
                {"job": "nundb"},
            ),
        },
    ),
    Case(
        about="a scrape meets the one second before a node's first election",
        series={
            **of(UP, "1x40"),
            **of(COLLECTOR_SUCCESS, "1x40", collector="cluster"),
            **of(cluster.ROLE, "1 0x40", role="starting_up"),
            **of(cluster.ROLE, "0 1x40", role="primary"),
            **of(cluster.MEMBER, "_ 1x40", member=A, role="primary"),
        },
        at="40s",
        misses=(alerts.cluster.NO_PRIMARY,),
    ),
    Case(
        about="the collector of the cluster is switched off",
        series={**of(UP, "1x40"), **of(COLLECTOR_SUCCESS, "1x40", collector="oplog")},
        at="3m",
        misses=(alerts.cluster.NO_PRIMARY,),
    ),
    Case(
        about="every node follows a primary that does not exist",
        series=cluster_of(
            ("a", A, {A: "secondary", B: "secondary", C: "primary"}),
            ("b", B, {A: "secondary", B: "secondary", C: "primary"}),
        ),
        at="3m",
        fires={
            "NundbNoPrimary": Fired(
                "No node of the cluster nundb is primary: no node lists one, or the one that they list is "
                "not among them.",
                {"job": "nundb"},
            )
        },
    ),
    Case(
        about="the primary hangs, and the others go on listing it",
        series={
            **of(UP, "0x40", "a"),
            **of(SCRAPE_FAILURE, "1x40", "a", reason="timeout"),
            **cluster_of(("b", B, AGREED), ("c", C, AGREED)),
        },
        at="3m",
        fires={
            "NundbHung": Fired(
                "The node behind a (job nundb) accepts connections but does not answer: for two minutes no "
                "answer has come in time.",
                _here(reason="timeout"),
            )
        },
        misses=(alerts.cluster.NO_PRIMARY,),
    ),
    Case(
        about="the primary's exporter is down, and the others go on listing it",
        series={
            **of("up", "1x10 0x40", "a"),
            **of(UP, "1x10 _x40", "a"),
            **cluster_of(("b", B, AGREED), ("c", C, AGREED)),
            **of(acting_role.ACTING_PRIMARY, "1x10 _x40", "a"),
            **of(acting_role.ACTING_PRIMARY, "0x40", "b"),
            **of(acting_role.ACTING_PRIMARY, "0x40", "c"),
        },
        at="9m",
        fires={
            "NundbExporterDown": Fired(
                "Prometheus has had no metrics from a (job nundb) for two minutes: the state of its node is unknown.",
                _here(),
            ),
        },
        misses=(alerts.cluster.NO_PRIMARY, alerts.cluster.NO_ACTING_PRIMARY),
    ),
    Case(
        about="only a secondary is scraped, and it lists the primary",
        series=cluster_of(("b", B, AGREED)),
        at="9m",
        misses=(alerts.cluster.NO_PRIMARY, alerts.cluster.MEMBERS_DISAGREE, alerts.cluster.SEVERAL_PRIMARIES),
    ),
    Case(
        about="after a failover the old primary still prints itself as primary",
        series=cluster_of(
            ("a", A, {A: "primary", B: "secondary"}),
            ("b", B, {A: "secondary", B: "primary"}),
        ),
        at="4m",
        fires={
            "NundbSeveralPrimaries": Fired(
                "2 nodes of the cluster nundb are listed as primary: `nundb-exporter check` names them.",
                {"job": "nundb"},
            ),
        },
    ),
    Case(
        about="two nodes with the same name each elected themselves",
        series=cluster_of(("a", A, {A: "primary"}), ("b", A, {A: "primary"})),
        at="4m",
        fires={
            "NundbSeveralPrimaries": Fired(
                "2 nodes of the cluster nundb are listed as primary: `nundb-exporter check` names them.",
                {"job": "nundb"},
            ),
        },
    ),
    Case(
        about="a failover: for a minute the last scrapes of the nodes contradict each other",
        series={
            **of(UP, "1x40"),
            **of(UP, "1x40", "b"),
            **of(COLLECTOR_SUCCESS, "1x40", collector="cluster"),
            **of(COLLECTOR_SUCCESS, "1x40", "b", collector="cluster"),
            **of(cluster.MEMBER, "1x10 _x40", member=A, role="primary"),
            **of(cluster.MEMBER, "_x10 1x40", member=A, role="secondary"),
            **of(cluster.MEMBER, "1x10 _x40", member=B, role="secondary"),
            **of(cluster.MEMBER, "_x10 1x40", member=B, role="primary"),
            **of(cluster.MEMBER, "1x6 _x40", "b", member=A, role="primary"),
            **of(cluster.MEMBER, "_x6 1x40", "b", member=A, role="secondary"),
            **of(cluster.MEMBER, "1x6 _x40", "b", member=B, role="secondary"),
            **of(cluster.MEMBER, "_x6 1x40", "b", member=B, role="primary"),
        },
        at="3m",
        misses=(alerts.cluster.SEVERAL_PRIMARIES,),
    ),
    Case(
        about="the same cluster is scraped under two jobs",
        series=HEALTHY | {name.replace('job="nundb"', 'job="again"'): values for name, values in HEALTHY.items()},
        at="9m",
        misses=(alerts.cluster.SEVERAL_PRIMARIES, alerts.cluster.MEMBERS_DISAGREE),
    ),
    Case(
        about="two nodes act as primary",
        series={
            **HEALTHY,
            **of(acting_role.ACTING_PRIMARY, "1x40", "a"),
            **of(acting_role.ACTING_PRIMARY, "0x40", "b"),
            **of(acting_role.ACTING_PRIMARY, "1x40", "c"),
        },
        at="3m",
        fires={
            "NundbSeveralActingPrimaries": Fired(
                "2 nodes of the cluster nundb act as primary: `nundb-exporter check "
                "--collector.acting_role` names them.",
                {"job": "nundb"},
            ),
            "NundbRoleNotActed": Fired(
                "The node behind c (job nundb) reports that it is not primary, and acts as if it were.",
                _here("c"),
            ),
        },
    ),
    Case(
        about="the primary acts as one, but for the moment of an election",
        series={
            **HEALTHY,
            **of(acting_role.ACTING_PRIMARY, "1x5 0 1x40", "a"),
            **of(acting_role.ACTING_PRIMARY, "0x40", "b"),
            **of(acting_role.ACTING_PRIMARY, "0x5 1 0x40", "c"),
        },
        at="5m",
        misses=(
            alerts.cluster.SEVERAL_ACTING_PRIMARIES,
            alerts.cluster.NO_ACTING_PRIMARY,
            alerts.cluster.ROLE_NOT_ACTED,
        ),
    ),
    Case(
        about="nobody acts as primary, whatever the lists say",
        series={
            **HEALTHY,
            **of(acting_role.ACTING_PRIMARY, "0x40", "a"),
            **of(acting_role.ACTING_PRIMARY, "0x40", "b"),
            **of(acting_role.ACTING_PRIMARY, "0x40", "c"),
        },
        at="4m",
        fires={
            "NundbNoActingPrimary": Fired(
                "All nodes of the cluster nundb answer, and none acts as primary.", {"job": "nundb"}
            ),
            "NundbRoleNotActed": Fired(
                "The node behind a (job nundb) reports that it is primary, and acts as if it were not.",
                _here(),
            ),
        },
    ),
    Case(
        about="only the two secondaries are asked how they act",
        series={
            **HEALTHY,
            **of(acting_role.ACTING_PRIMARY, "0x40", "b"),
            **of(acting_role.ACTING_PRIMARY, "0x40", "c"),
        },
        at="9m",
        misses=(alerts.cluster.NO_ACTING_PRIMARY,),
    ),
    Case(
        about="the primary's list lacks a live secondary",
        series=cluster_of(
            ("a", A, {A: "primary", B: "secondary"}),
            ("b", B, AGREED),
            ("c", C, AGREED),
        ),
        at="6m",
        fires={
            "NundbMembersDisagree": Fired(
                f"Nodes of the cluster nundb disagree about its members: only 2 of those that answer list {C}.",
                {"job": "nundb", "member": C},
            ),
        },
    ),
    Case(
        about="a node joins, and is in every list a minute later",
        series={
            **cluster_of(("a", A, {A: "primary", B: "secondary"}), ("b", B, {A: "primary", B: "secondary"})),
            **of(cluster.MEMBER, "_x3 1x40", "a", member=C, role="secondary"),
            **of(cluster.MEMBER, "_x7 1x40", "b", member=C, role="secondary"),
        },
        at="9m",
        misses=(alerts.cluster.MEMBERS_DISAGREE,),
    ),
    Case(
        about="a node hangs: the others list it, and it is not asked",
        series={
            **cluster_of(("a", A, AGREED), ("b", B, AGREED)),
            **of(UP, "0x40", "c"),
            **of(SCRAPE_FAILURE, "1x40", "c", reason="timeout"),
        },
        at="9m",
        fires={
            "NundbHung": Fired(
                "The node behind c (job nundb) accepts connections but does not answer: for two minutes no "
                "answer has come in time.",
                _here("c", reason="timeout"),
            ),
        },
        misses=(alerts.cluster.MEMBERS_DISAGREE, alerts.cluster.MEMBER_MISSING),
    ),
    Case(
        about="a member and its exporter have vanished",
        series={
            **of(UP, "1x200"),
            **of(COLLECTOR_SUCCESS, "1x200", collector="cluster"),
            **of(cluster.MEMBER, "1x200", member=A, role="primary"),
            **of(cluster.MEMBER, "1x200", member=B, role="secondary"),
            **of(cluster.MEMBER, "1x60 stale", member=C, role="secondary"),
        },
        at="80m",
        interval="1m",
        fires={
            "NundbMemberMissing": Fired(
                "The cluster of the job nundb has 2 members; it had more for most of the last six hours, and no "
                "exporter reports that its node is down.",
                {"job": "nundb"},
            ),
        },
    ),
    Case(
        about="a member is away for ten minutes",
        series={
            **of(UP, "1x200"),
            **of(COLLECTOR_SUCCESS, "1x200", collector="cluster"),
            **of(cluster.MEMBER, "1x200", member=A, role="primary"),
            **of(cluster.MEMBER, "1x20 _x10 1x200", member=B, role="secondary"),
        },
        at="35m",
        interval="1m",
        misses=(alerts.cluster.MEMBER_MISSING,),
    ),
    Case(
        about="every node lists a member that is not there, for five minutes",
        series={
            **of(UP, "1x200"),
            **of(COLLECTOR_SUCCESS, "1x200", collector="cluster"),
            **of(cluster.MEMBER, "1x200", member=A, role="primary"),
            **of(cluster.MEMBER, "1x200", member=B, role="secondary"),
            **of(cluster.MEMBER, "_x20 1x5 stale", member=C, role="secondary"),
        },
        at="50m",
        interval="1m",
        misses=(alerts.cluster.MEMBER_MISSING,),
    ),
    Case(
        about="a member is down and its exporter says so",
        series={
            **of(UP, "1x200"),
            **of(UP, "1x20 0x200", "b"),
            **of(COLLECTOR_SUCCESS, "1x200", collector="cluster"),
            **of(cluster.MEMBER, "1x200", member=A, role="primary"),
            **of(cluster.MEMBER, "1x20 stale", member=B, role="secondary"),
        },
        at="50m",
        interval="1m",
        fires={
            "NundbDown": Fired(
                "The node behind b (job nundb) cannot be reached: for two minutes there has been no "
                "connection, or none that lasted.",
                _here("b"),
            ),
        },
        misses=(alerts.cluster.MEMBER_MISSING,),
    ),
    Case(
        about="the primary changes every minute",
        series={
            **cluster_of(("a", A, {A: "primary"})),
            **of(cluster.ROLE, " ".join(["0x3", "1x3"] * 10), role="primary"),
        },
        at="9m",
        fires={
            "NundbElectionsFlapping": Fired(
                "Nodes of the job nundb have become primary, or stopped being primary, 9 times within 15 minutes.",
                {"job": "nundb"},
            ),
        },
    ),
    Case(
        about="the primary holds elections without end, and wins each",
        series={
            **cluster_of(("a", A, {A: "primary"})),
            **of(acting_role.ACTING_PRIMARY, " ".join(["1x4", "0"] * 8)),
        },
        at="9m",
        fires={
            "NundbElectionsFlapping": Fired(
                "Nodes of the job nundb have become primary, or stopped being primary, 12 times within 15 minutes.",
                {"job": "nundb"},
            )
        },
    ),
    Case(
        about="a rolling restart of three nodes in the worst order: each is the primary when its turn comes",
        series={
            **of(cluster.ROLE, "1x8 _x2 0x40", "a", role="primary"),
            **of(cluster.ROLE, "0x10 1x6 _x2 0x40", "b", role="primary"),
            **of(cluster.ROLE, "0x18 1x6 _x2 1x40", "c", role="primary"),
        },
        at="9m",
        misses=(alerts.cluster.ELECTIONS_FLAPPING,),
    ),
    Case(
        about="a rolling restart of five nodes in the worst order",
        series={
            **of(cluster.ROLE, "1x8 _x2 0x60", "a", role="primary"),
            **of(cluster.ROLE, "0x10 1x6 _x2 0x60", "b", role="primary"),
            **of(cluster.ROLE, "0x18 1x6 _x2 0x60", "c", role="primary"),
            **of(cluster.ROLE, "0x26 1x6 _x2 0x60", "d", role="primary"),
            **of(cluster.ROLE, "0x34 1x6 _x2 1x60", "e", role="primary"),
        },
        at="12m",
        misses=(alerts.cluster.ELECTIONS_FLAPPING,),
    ),
)


def _owes(times: str, oldest: str, count: str, starts: str = "0x40") -> Series:
    """The cluster of A and B, where B owes A something; B started at `starts`."""
    return {
        **cluster_of(("a", A, {A: "primary", B: "secondary"}), ("b", B, {A: "primary", B: "secondary"}), times=times),
        **of(process.START_TIME, f"0{times}", "a"),
        **of(process.START_TIME, starts, "b"),
        **of(pending.OLDEST, oldest, member=B),
        **of(pending.UNACKNOWLEDGED, count, member=B),
    }


REPLICATION_CASES = (
    Case(
        about="a replica has owed acknowledgements for minutes",
        series=_owes("x40", "_x4 60x36", "0x4 5x36"),
        at="5m",
        fires={
            "NundbReplicaNotAcknowledging": Fired(
                f"{B} has not acknowledged operations of the node behind a (job nundb), the oldest for 4m 0s.",
                _here(member=B),
            ),
        },
        misses=(alerts.replication.LEAKED,),
    ),
    Case(
        about="under load a replica owes something at every scrape, but never for long",
        series=_owes("x40", "0+15x40", "3x40"),
        at="9m",
        misses=(alerts.replication.NOT_ACKNOWLEDGING, alerts.replication.LEAKED),
    ),
    Case(
        about="a replica hangs for a minute and catches up",
        series=_owes("x40", "_x4 60x5 stale", "0x4 5x5 0x40"),
        at="5m",
        misses=(alerts.replication.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="a replica restarted while it owed something, and has come back",
        series=_owes("x60", "_x4 60x56", "0x4 5x56", starts="0x6 _x2 120x60"),
        at="9m",
        fires={
            "NundbOperationsLeaked": Fired(
                f"The node behind a (job nundb) keeps 5 operations for {B}, which will never acknowledge "
                f"them: it has left the cluster, or has restarted since.",
                _here(member=B),
            ),
        },
        misses=(alerts.replication.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="a replica died while it owed something, and is gone from the list",
        series={
            **cluster_of(("a", A, {A: "primary"})),
            **of(pending.OLDEST, "_x4 60x40", member=B),
            **of(pending.UNACKNOWLEDGED, "5x40", member=B),
        },
        at="9m",
        fires={
            "NundbOperationsLeaked": Fired(
                f"The node behind a (job nundb) keeps 5 operations for {B}, which will never acknowledge "
                f"them: it has left the cluster, or has restarted since.",
                _here(member=B),
            ),
        },
        misses=(alerts.replication.NOT_ACKNOWLEDGING,),
    ),
    Case(
        about="under load something is always pending, and the collector of the cluster is switched off",
        series={
            **of(UP, "1x60"),
            **of(pending.OLDEST, "0+15x60", member=B),
            **of(pending.UNACKNOWLEDGED, "3x60", member=B),
        },
        at="9m",
        misses=(alerts.replication.LEAKED,),
    ),
    Case(
        about="a replica is restarted between two operations",
        series=_owes("x60", "0+15x3 _x2 75+15x56", "1x3 0x2 1x56", starts="0x6 _x2 120x60"),
        at="9m",
        misses=(alerts.replication.LEAKED, alerts.replication.NOT_ACKNOWLEDGING),
    ),
    Case(
        about="pending operations rise by one a second",
        series=of(replication.PENDING, "0+15x60"),
        at="14m",
        fires={
            "NundbPendingGrowing": Fired(
                "At least 540 operations have been pending on the node behind a (job nundb) for five minutes, more "
                "than at any time in the five minutes before.",
                _here(),
            ),
        },
    ),
    Case(
        about="a load of a quarter of an hour makes pending operations swing",
        series=of(replication.PENDING, " ".join(["100 400 250 900 150"] * 12) + " 0x10"),
        at="14m",
        misses=(alerts.replication.PENDING_GROWING, alerts.replication.PENDING_BACKLOG),
    ),
    Case(
        about="so many operations are pending that nobody is asked any more",
        series=of(replication.PENDING, "0x4 5000x60"),
        at="6m30s",
        fires={
            "NundbPendingBacklog": Fired(
                "At least 5000 operations are pending on the node behind a (job nundb), more than 1,000: "
                "most likely a replica hangs.",
                _here(),
            ),
        },
        misses=(alerts.replication.PENDING_GROWING,),
    ),
    Case(
        about="a bulk load of 5000 operations drains within four minutes",
        series=of(replication.PENDING, "0x4 5000-300x16 0x40"),
        at="9m",
        misses=(alerts.replication.PENDING_BACKLOG, alerts.replication.PENDING_GROWING),
    ),
    Case(
        about="snapshots of two databases overlapped",
        series=of(pending.STUCK, "0x4 1x60"),
        at="12m",
        fires={
            "NundbSnapshotStuck": Fired(
                "The replication of a snapshot of the node behind a (job nundb) has not ended, and later "
                "ones may not reach the replicas.",
                _here(),
            ),
        },
    ),
    Case(
        about="snapshots are met in progress now and then",
        series=of(pending.STUCK, " ".join(["1 0 0 1 1 0"] * 10)),
        at="12m",
        misses=(alerts.replication.SNAPSHOT_STUCK,),
    ),
    Case(
        about="acknowledgements take two seconds",
        series=of(replication.DURATION, "2+0.001x100"),
        at="21m",
        fires={
            "NundbReplicationSlow": Fired(
                "Acknowledgements to the node behind a (job nundb) have taken at least 2.044s on average for 20 "
                "minutes.",
                _here(),
            ),
        },
    ),
    Case(
        about="a replica resumed after a hang, and nothing has been written since",
        series=of(replication.DURATION, "0.04x5 12x100"),
        at="21m",
        misses=(alerts.replication.SLOW,),
    ),
)

GIB = 1 << 30
OPLOG_CASES = (
    Case(
        about="the operation log comes close to its limit for the first time",
        series=of(oplog.SIZE, f"{int(0.85 * GIB)}+{GIB // 1000}x100"),
        at="45m",
        interval="30s",
        fires={
            "NundbOplogNearLimit": Fired(
                "The operation log of the node behind a (job nundb) holds 962.6MiB, close to the limit of 1 GiB.",
                _here(),
            ),
        },
        misses=(alerts.oplog.OVER_LIMIT,),
    ),
    Case(
        about="a node prunes its log now and then, as it has for long",
        series=of(oplog.SIZE, f"{int(0.95 * GIB)}+{GIB // 100}x10 {int(0.92 * GIB)}+{GIB // 1000}x80"),
        at="40m",
        interval="30s",
        misses=(alerts.oplog.NEAR_LIMIT, alerts.oplog.OVER_LIMIT),
    ),
    Case(
        about="a node has pruned once, and never since",
        series=of(oplog.SIZE, f"{int(1.0 * GIB)} {int(0.9 * GIB)}+{GIB // 100}x100"),
        at="60m",
        interval="1m",
        fires={
            "NundbOplogOverLimit": Fired(
                "The operation log of the node behind a (job nundb) holds 1.49GiB, well over the limit of 1 "
                "GiB, and is not pruned.",
                _here(),
            ),
        },
        misses=(alerts.oplog.NEAR_LIMIT,),
    ),
    Case(
        about="a resolve goes round for ever",
        series=_storm("1x60"),
        at="11m",
        fires={
            "NundbResolveStorm": Fired(
                "The operation log of the node behind a (job nundb) grows by 450 records per second, and a resolve is "
                "pending all the time.",
                _here(),
            ),
        },
    ),
    Case(
        about="450 writes a second, steady, and an arbiter at work whose resolves are met now and then",
        series=_storm(" ".join(["1 _ _ _ _ _ _ _ _ _"] * 6)),
        at="11m",
        misses=(alerts.oplog.RESOLVE_STORM,),
    ),
    Case(
        about="450 writes a second, and a resolve that has hung with its replica",
        series={
            **_storm("_x60"),
            **of(pending.DATABASE, "1x60", database="shop", operation="update"),
            **of(pending.DATABASE, "1x60", database="", operation="other"),
        },
        at="11m",
        misses=(alerts.oplog.RESOLVE_STORM,),
    ),
)


def _holds(instance: str, *held: tuple[str, str]) -> Series:
    series: Series = {}
    for database, strategy in (("$admin", "newer"), *held):
        series |= of(databases.INFO, "1x40", instance, database=database, strategy=strategy)
    return series


DATABASE_CASES = (
    Case(
        about="a replica lacks a database",
        series={**_holds("a", ("shop", "newer"), ("desk", "none")), **_holds("b", ("shop", "newer"))},
        at="6m",
        fires={
            "NundbDatabaseMissing": Fired(
                "The database desk is not on every node of the cluster nundb: it is on only 1 of those that answer.",
                {"job": "nundb", "database": "desk"},
            ),
        },
    ),
    Case(
        about="a node is too old to list its databases",
        series={
            **_holds("a", ("shop", "newer")),
            **of(UP, "1x40", "b"),
            **of(COLLECTOR_SUCCESS, "1x40", "b", collector="databases"),
        },
        at="6m",
        misses=(alerts.databases.MISSING,),
    ),
    Case(
        about="a database is created, and reaches the replica before the scrape after next",
        series={
            **_holds("a"),
            **_holds("b"),
            **of(databases.INFO, "_x4 1x40", database="new", strategy="none"),
            **of(databases.INFO, "_x6 1x40", "b", database="new", strategy="none"),
        },
        at="6m",
        misses=(alerts.databases.MISSING, alerts.databases.STRATEGY_DIFFERS),
    ),
    Case(
        about="a replica that joined late has lost the strategy",
        series={**_holds("a", ("shop", "arbiter")), **_holds("b", ("shop", "none"))},
        at="6m",
        fires={
            "NundbDatabaseStrategyDiffers": Fired(
                "The conflict strategy of the database shop differs between the nodes of the cluster nundb: "
                "there are 2.",
                {"job": "nundb", "database": "shop"},
            ),
        },
        misses=(alerts.databases.MISSING,),
    ),
    Case(
        about="databases differ in strategy, nodes do not",
        series={**_holds("a", ("shop", "newer"), ("desk", "none")), **_holds("b", ("shop", "newer"), ("desk", "none"))},
        at="6m",
        misses=(alerts.databases.STRATEGY_DIFFERS,),
    ),
    Case(
        about="a conflict waits for an arbiter, on both nodes",
        series={
            **of(conflicts.COUNT, "2x80", database="shop", state="unresolved"),
            **of(conflicts.COUNT, "2x80", "b", database="shop", state="unresolved"),
        },
        at="16m",
        fires={
            "NundbConflictsUnresolved": Fired(
                "The database shop of the cluster nundb has 2 unresolved conflicts, for which no arbiter has decided.",
                {"job": "nundb", "database": "shop"},
            ),
        },
    ),
    Case(
        about="an arbiter resolves conflicts as they come",
        series={
            **of(conflicts.COUNT, " ".join(["1x10 0x2"] * 8), database="shop", state="unresolved"),
            **of(conflicts.COUNT, "0+1x80", database="shop", state="resolved"),
        },
        at="16m",
        misses=(alerts.databases.CONFLICTS_UNRESOLVED,),
    ),
    Case(
        about="a client leaks a connection every minute",
        series=of(connections.OPEN, "10+1x200", database="shop"),
        at="110m",
        interval="1m",
        fires={
            "NundbConnectionsLeaking": Fired(
                "The database shop on the node behind a (job nundb) has had at least 90 connections for 30 minutes, "
                "more than at any time in the 30 minutes before.",
                _here(database="shop"),
            ),
        },
    ),
    Case(
        about="the users of a morning come, and some go",
        series=of(
            connections.OPEN, " ".join(f"{60 + 8 * i} {90 + 8 * i} {40 + 8 * i}" for i in range(40)), database="shop"
        ),
        at="110m",
        interval="3m",
        misses=(alerts.databases.CONNECTIONS_LEAKING,),
    ),
)

CASES = (*NODE_CASES, *EXPORTER_CASES, *CLUSTER_CASES, *REPLICATION_CASES, *OPLOG_CASES, *DATABASE_CASES)


def _expected(alert: Alert, fired: Fired) -> dict[str, dict[str, str]]:
    return {
        "exp_labels": {"severity": alert.severity, **fired.labels},
        "exp_annotations": {
            "summary": alert.summary,
            "description": fired.text,
            "runbook_url": alert.runbook_url,
        },
    }


def promtool_test(case: Case, rule_files: list[str]) -> dict[str, Any]:
    """The case as promtool reads it."""
    by_name = {alert.name: alert for alert in alerts.ALERTS}
    expected = [
        {"eval_time": case.at, "alertname": name, "exp_alerts": [_expected(alert, case.fires[name])]}
        if name in case.fires
        else {"eval_time": case.at, "alertname": name}
        for name, alert in by_name.items()
    ]
    answered = {name.replace(UP.name, "up", 1): "1x400" for name in case.series if name.startswith(f"{UP}{{")}
    return {
        "rule_files": rule_files,
        "evaluation_interval": case.interval,
        "tests": [
            {
                "interval": case.interval,
                "input_series": [
                    {"series": name, "values": values} for name, values in (answered | case.series).items()
                ],
                "alert_rule_test": expected,
            }
        ],
    }
