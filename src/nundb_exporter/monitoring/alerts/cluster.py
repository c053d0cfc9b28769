"""The cluster as a whole: its primary and its members. One job is one cluster."""

from typing import Final

from nundb_exporter.collectors import acting_role, cluster
from nundb_exporter.metrics import COLLECTOR_SUCCESS, UP, Family
from nundb_exporter.monitoring.rule import (
    CHECK_ALL_COMMAND,
    CLUSTER,
    COMPARE_COMMAND,
    NODE,
    SAME_TARGET,
    Alert,
    Group,
    ask,
    promql,
    prose,
    told,
)
from nundb_exporter.monitoring.views import members, nodes_listing, nodes_with_list, primaries
from nundb_exporter.problems import cluster as problems

_SEVERAL_CLUSTERS: Final = "Several clusters, or standalone nodes, share one `job`: give each a job of its own."

FORCE_ELECTION: Final = ask("debug force-election")
"""On the node that started first."""
NO_PRIMARY: Final = Alert(
    **told(
        problems.NO_PRIMARY,
        cluster=CLUSTER,
        reason="no node lists one, or the one that they list is not among them",
    ),
    # No node lists a primary, or none is the primary that they list. The latter only if every target answered: a
    # primary that hangs, or whose exporter is down, does not report its role either.
    expression=promql(f"""
        (
          group by (job) ({COLLECTOR_SUCCESS.where(collector=cluster.COLLECTOR.name)} == 1)
          unless on (job) {cluster.MEMBER.where(role="primary")}
        )
        or
        (
          sum by (job) ({cluster.ROLE.where(role="primary")}) == 0
          and on (job) count by (job) ({cluster.ROLE.where(role="primary")}) > 1
          and on (job) count by (job) ({cluster.ROLE.where(role="primary")}) == on (job) count by (job) (up)
        )
    """),
    wait="1m",
    meaning=prose("""
        No node lists a primary, or all nodes answer and the primary they list is none of them. No node creates
        databases or replicates: each keeps the writes that it accepts to itself. An election takes about 150 ms, or a
        second if the primary has died: a minute without a primary is no normal election.
    """),
    confirm=(CHECK_ALL_COMMAND, ask("cluster-state")),
    evidence="No node lists a `Primary`, the listed one does not exist, or the lists are empty.",
    remedy=prose(f"""
        The command is `{FORCE_ELECTION}`; it answers when the election is over. If no node wins, look for
        `election` in its log, take a snapshot, and restart it; the others join when they are started after it.
    """),
    other_causes=prose("""
        The primary is not scraped while two or more other nodes are: give every node an exporter. If the nodes list a
        primary, the alert fires only when every target answers, because one that does not may be it. A starting node
        has no list for one second.
    """),
)
SEVERAL_PRIMARIES: Final = Alert(
    **told(
        problems.SEVERAL_PRIMARIES, count="{{ $value }}", cluster=CLUSTER, names="`nundb-exporter check` names them"
    ),
    expression=promql(f"""
        {primaries(Family.where)} > 1
        or
        sum by (job) ({cluster.ROLE.where(role="primary")}) > 1
    """),
    wait="2m",
    meaning=prose("""
        Nun-db has neither election terms nor a quorum: a node that is cut off, or whose join failed, elects itself.
        Each primary accepts writes, and these are never merged. After a failover a node may also list itself as primary
        although it no longer acts as one.
    """),
    confirm=(CHECK_ALL_COMMAND, ask("cluster-state"), ask("create-db $admin x")),
    evidence=prose("""
        The lists name different primaries. `create-db $admin x` changes nothing: a primary refuses it with
        `database already exists`, any other node with `Create database only allow from primary!`.
    """),
    remedy=prose(f"""
        Compare the data (`{COMPARE_COMMAND}`): what was written only to the other node will be lost. Then stop the
        other node, and start it when the first one no longer lists it, so that it joins. It is damaged by that: see
        NundbDown.
    """),
    other_causes=prose(f"""
        {_SEVERAL_CLUSTERS} Two exporters scrape the same node under one job. A failover is over in seconds and does not
        fire the alert.
    """),
)
SEVERAL_ACTING_PRIMARIES: Final = Alert(
    **told(
        problems.SEVERAL_ACTING_PRIMARIES,
        count="{{ $value }}",
        cluster=CLUSTER,
        names="`nundb-exporter check --collector.acting_role` names them",
    ),
    expression=f"sum by (job) ({acting_role.ACTING_PRIMARY}) > 1",
    wait="1m",
    meaning=prose("""
        The nodes do not only list several primaries: each of these nodes creates databases, and replicates to the
        members it knows. What is written to one is missing on the other.
    """),
    confirm=(ask("create-db $admin x"),),
    evidence="More than one node answers `database already exists`. The command changes nothing.",
    remedy="See NundbSeveralPrimaries.",
    other_causes=f"{_SEVERAL_CLUSTERS} Two exporters scrape the same node under one job.",
    needs="--collector.acting_role",
)
NO_ACTING_PRIMARY: Final = Alert(
    **told(problems.NO_ACTING_PRIMARY, cluster=CLUSTER),
    expression=promql(f"""
        sum by (job) ({acting_role.ACTING_PRIMARY}) == 0
        and on (job) count by (job) ({acting_role.ACTING_PRIMARY}) > 1
        and on (job) count by (job) ({acting_role.ACTING_PRIMARY}) == on (job) count by (job) (up)
    """),
    wait="1m",
    meaning=prose("""
        Whatever the lists say, no node replicates and no node creates databases. A primary whose election never ends
        refuses as well.
    """),
    confirm=(ask("create-db $admin x"),),
    evidence="Every node answers `Create database only allow from primary!`. The command changes nothing.",
    remedy="See NundbNoPrimary.",
    other_causes=prose("""
        The primary is not scraped while two or more other nodes are. An election lasts a second at most and does not
        fire the alert. Nor does a node that does not answer, whose exporter is down, or whose collector is off: it may
        be the primary.
    """),
    needs="--collector.acting_role",
)
ROLE_NOT_ACTED: Final = Alert(
    **told(
        problems.ROLE_NOT_ACTED,
        node=NODE,
        reported="{{ if $value }}is{{ else }}is not{{ end }}",
        acted="{{ if $value }}were not{{ else }}were{{ end }}",
    ),
    expression=promql(f"""
        {cluster.ROLE.where(role="primary")}
          != {SAME_TARGET}
        {acting_role.ACTING_PRIMARY}
    """),
    wait="2m",
    meaning=prose("""
        A node keeps its role in two places: in the list of members that it prints, and in the state that it acts on.
        After a failover they can differ. A node that is primary in only one of them keeps writes to itself that the
        other nodes never receive.
    """),
    confirm=(ask("cluster-state"), ask("create-db $admin x")),
    evidence="`(self):Primary` in the list and `Create database only allow from primary!`, or the reverse.",
    remedy="Then stop the node, and start it when no other node lists it.",
    other_causes="An election in progress: it lasts a second and does not fire the alert.",
    needs="--collector.acting_role",
)
MEMBERS_DISAGREE: Final = Alert(
    **told(
        problems.MEMBERS_DISAGREE,
        cluster=CLUSTER,
        listed_by="only {{ $value }} of those that answer list",
        member="{{ $labels.member }}",
    ),
    expression=promql(f"""
        {nodes_listing(Family.where)}
          < on (job) group_left ()
        {nodes_with_list(Family.where)}
    """),
    wait="5m",
    meaning=prose("""
        A join failed half-way. A join is tried once and never repeated, and about one in ten leaves a node out of
        another node's list. A primary whose list lacks a live replica sends it nothing; a node that lists only itself
        is a cluster of its own.
    """),
    confirm=(CHECK_ALL_COMMAND, ask("cluster-state")),
    evidence="`check` says which node does not list which member.",
    remedy="Then check again. Start nodes one after another, two seconds apart.",
    other_causes=prose(f"""
        {_SEVERAL_CLUSTERS} A node that is down is not counted, and a member that hangs is still listed by all.
    """),
)
MEMBER_MISSING: Final = Alert(
    name="NundbMemberMissing",
    # The median, not the maximum: a name that was listed only for a moment must not count as missing for hours.
    expression=promql(f"""
        {members(Family.where)}
          <
        quantile_over_time(0.5, {members(Family.where)}[6h:1m])
        unless on (job) {UP} == 0
    """),
    wait="15m",
    severity="warning",
    summary="A Nun-db cluster has fewer members than before.",
    description=prose("""
        The cluster of the job {{ $labels.job }} has {{ $value }} members; it had more for most of the last six hours,
        and no exporter reports that its node is down.
    """),
    meaning=prose("""
        A member has left every list and has not come back, and its exporter is gone as well or was never scraped.
    """),
    confirm=(CHECK_ALL_COMMAND, ask("cluster-state")),
    evidence="The list has fewer members than the cluster should have.",
    remedy="Start the missing node, or its exporter. A node joins only when it starts.",
    other_causes=prose("""
        A node was removed on purpose: the alert resolves by itself after three hours. If the missing node is still
        scraped, NundbDown fires and this alert does not.
    """),
)


def _changes_too_often(family: str) -> str:
    """Two changes per node are a rolling restart in which each node is primary when it is restarted."""
    changes = f"changes({family}[15m])"
    return f"sum by (job) ({changes}) > 2 * clamp_min(count by (job) ({changes}), 3)"


ELECTIONS_FLAPPING: Final = Alert(
    name="NundbElectionsFlapping",
    expression=promql(f"""
        {_changes_too_often(cluster.ROLE.where(role="primary"))}
        or
        {_changes_too_often(acting_role.ACTING_PRIMARY.name)}
    """),
    wait="1m",
    severity="warning",
    summary="The primary of a Nun-db cluster changes repeatedly.",
    description=prose("""
        Nodes of the job {{ $labels.job }} have become primary, or stopped being primary, {{ $value }} times within 15
        minutes.
    """),
    meaning=prose("""
        Each start of a node, each leave and each broken link of the primary starts an election. Nodes that are ended
        and started again and again cause one after another, and every failover can lose writes or leave two primaries.
    """),
    confirm=(ask("cluster-state"), "grep -i -e election -e 'nundb starting!' nun-db.log | tail -50"),
    evidence="The logs show repeated elections and their cause: a member that leaves, or a join.",
    remedy=prose("""
        If `nundb starting!` comes before each election, find what ends the nodes, such as a probe that is too strict or
        a lack of memory, and stop that (NundbRestartLoop). A link that has broken never comes back: the node is a
        cluster of its own then, until it joins again (NundbSeveralPrimaries). Where answers take longer than
        NUN_ELECTION_TIMEOUT (1000 milliseconds), nodes claim to be primary before they have heard each other: let each
        node start with several times that. At the end write each key again on the primary, until
        `nundb-exporter compare` finds no difference, because every rejoin damages values.
    """),
    other_causes=prose("""
        One failover and return are two changes. A rolling restart in the worst order makes two per node and does not
        fire the alert, nor do up to six changes in a small cluster. Repeated elections that the same node wins show
        only with --collector.acting_role, and only when scrapes coincide with them. One address for several nodes: see
        NundbRestartLoop.
    """),
)
GROUP: Final = Group(
    "nundb-cluster",
    "The cluster",
    (
        NO_PRIMARY,
        SEVERAL_PRIMARIES,
        SEVERAL_ACTING_PRIMARIES,
        NO_ACTING_PRIMARY,
        ROLE_NOT_ACTED,
        MEMBERS_DISAGREE,
        MEMBER_MISSING,
        ELECTIONS_FLAPPING,
    ),
)
