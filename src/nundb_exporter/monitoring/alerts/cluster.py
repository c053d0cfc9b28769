"""The nodes of a cluster together: who is the primary, who belongs to it. One job is one cluster."""

from nundb_exporter.collectors import acting_role, cluster
from nundb_exporter.metrics import COLLECTOR_SUCCESS, UP
from nundb_exporter.monitoring.alert import CHECK_ALL, SAME_TARGET, Alert, Group, ask, promql
from nundb_exporter.monitoring.views import MEMBERS, NODES_WITH_LIST, PRIMARIES

_SEVERAL_CLUSTERS = "Several clusters, or nodes that stand alone, under one `job`: give each cluster a job of its own."

NO_PRIMARY = Alert(
    name="NundbNoPrimary",
    # Whom nobody lists, or whom others list but nobody is. The latter only where every target was heard: a primary
    # that hangs, or whose exporter is down, is one that nobody is either.
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
    severity="critical",
    summary="A Nun-db cluster has no primary.",
    description="No node of the job {{ $labels.job }} is a primary, for one minute.",
    meaning="No node lists a primary, or all nodes answer and each takes another for it, one that is not there. Nobody "
    "creates databases or replicates: each node keeps the writes that it accepts for itself. Elections take 150 ms, or "
    "a second when the primary has died; a minute without a winner is no election any more.",
    confirm=(CHECK_ALL, ask("cluster-state")),
    evidence="No `Primary` in the list of any node, or one that does not exist, or no list at all.",
    remedy=f"Ask the node that started first for an election: `{ask('debug force-election')}`. It answers when the "
    "election is over. If nobody wins, look for `election` in its log, take a snapshot, and restart it; the "
    "others join when they are started after it.",
    confusion="The primary is not scraped at all, and two or more of the others are: give every node an exporter. "
    "While an exporter is down or a node does not answer, that may be the primary, and it stays silent. A start takes "
    "one second without a list.",
)
SEVERAL_PRIMARIES = Alert(
    name="NundbSeveralPrimaries",
    expression=promql(f"""
        {PRIMARIES} > 1
        or
        sum by (job) ({cluster.ROLE.where(role="primary")}) > 1
    """),
    wait="2m",
    severity="critical",
    summary="A Nun-db cluster sees more than one primary.",
    description="{{ $value }} nodes of the job {{ $labels.job }} are taken for the primary, by themselves or by "
    "others, for two minutes.",
    meaning="Nun-db knows neither terms nor a quorum: a node that is cut off, or whose join failed, elects itself. "
    "Each primary accepts writes, and they never meet. After a failover a node may also print itself as primary "
    "although it no longer acts as one.",
    confirm=(CHECK_ALL, ask("cluster-state"), ask("create-db $admin x")),
    evidence="Lists that name different primaries. `create-db $admin x` changes nothing: a primary refuses it with "
    "`database already exists`, any other node with `Create database only allow from primary!`.",
    remedy="Decide whose data count. Take a snapshot there. Restart the other node once it is gone from the first "
    "one's list, so that it joins. What was written to it alone is lost; compare before.",
    confusion=f"{_SEVERAL_CLUSTERS} Two exporters that scrape the same node under one job. A failover is over in "
    "seconds and stays silent.",
)
SEVERAL_ACTING = Alert(
    name="NundbSeveralActingPrimaries",
    expression=f"sum by (job) ({acting_role.ACTING_PRIMARY}) > 1",
    wait="1m",
    severity="critical",
    summary="More than one node of a Nun-db cluster acts as the primary.",
    description="{{ $value }} nodes of the job {{ $labels.job }} act as primary, for one minute.",
    meaning="Not only do the lists say so: these nodes would create databases and do replicate, each to those it "
    "knows. What is written to one is missing on the other.",
    confirm=(ask("create-db $admin x"),),
    evidence="`database already exists` from more than one node. The command changes nothing.",
    remedy="As for NundbSeveralPrimaries.",
    confusion=f"{_SEVERAL_CLUSTERS} Two exporters that scrape the same node under one job.",
    needs="--collector.acting_role",
)
NO_ACTING = Alert(
    name="NundbNoActingPrimary",
    expression=promql(f"""
        sum by (job) ({acting_role.ACTING_PRIMARY}) == 0
        and on (job) count by (job) ({acting_role.ACTING_PRIMARY}) > 1
        and on (job) count by (job) ({acting_role.ACTING_PRIMARY}) == on (job) count by (job) (up)
    """),
    wait="1m",
    severity="critical",
    summary="No node of a Nun-db cluster acts as the primary.",
    description="All nodes of the job {{ $labels.job }} were asked, and none acts as primary, for one minute.",
    meaning="Whatever the lists say, nobody replicates and nobody creates databases. A primary whose election never "
    "ends refuses as well.",
    confirm=(ask("create-db $admin x"),),
    evidence="`Create database only allow from primary!` from every node. The command changes nothing.",
    remedy="As for NundbNoPrimary.",
    confusion="An election lasts a second at most and stays silent. So it does where a node or its exporter does not "
    "answer, or where the collector is off for one: that may be the primary. A primary that is not scraped at all, "
    "while two or more of the others are.",
    needs="--collector.acting_role",
)
ROLE_NOT_ACTED = Alert(
    name="NundbRoleNotActed",
    expression=promql(f"""
        {cluster.ROLE.where(role="primary")}
          != {SAME_TARGET}
        {acting_role.ACTING_PRIMARY}
    """),
    wait="2m",
    severity="critical",
    summary="A Nun-db node prints another role than the one it acts in.",
    description="The node behind {{ $labels.instance }} (job {{ $labels.job }}) prints itself as primary and does not "
    "act as one, or the other way round.",
    meaning="A node keeps two notions: the list of members that it prints, and the state that it acts on. A failover "
    "can leave them apart. A node that takes itself for a primary in one of them keeps writes for itself that the "
    "others never see.",
    confirm=(ask("cluster-state"), ask("create-db $admin x")),
    evidence="`(self):Primary` in the list, and `Create database only allow from primary!`, or the reverse.",
    remedy="Restart that node, once it is gone from the others' lists. Compare its data with the primary's before.",
    confusion="An election in progress: it lasts a second and stays silent.",
    needs="--collector.acting_role",
)
MEMBERS_DISAGREE = Alert(
    name="NundbMembersDisagree",
    expression=promql(f"""
        count by (job, member) (group by (job, instance, member) ({cluster.MEMBER}))
          < on (job) group_left ()
        {NODES_WITH_LIST}
    """),
    wait="5m",
    severity="critical",
    summary="Nodes of a Nun-db cluster disagree on who belongs to it.",
    description="Only {{ $value }} of the nodes of the job {{ $labels.job }} that answer list the member {{ "
    "$labels.member }}, for five minutes.",
    meaning="A join failed half-way: joins are tried once and never again, and about one in ten leaves a node out of "
    "somebody's list. A primary whose list lacks a live replica sends it nothing; a node that is alone in its own list "
    "is a cluster of its own.",
    confirm=(CHECK_ALL, ask("cluster-state")),
    evidence="`check` names who does not list whom.",
    remedy="Restart the member that is missing somewhere, once it is gone from every other list; then look again. "
    "Start nodes one after another, two seconds apart.",
    confusion=f"{_SEVERAL_CLUSTERS} A node that is down is not asked, and a member that hangs is listed by all.",
)
MEMBER_MISSING = Alert(
    name="NundbMemberMissing",
    # The median, not the maximum: a name that was listed for a moment must not be missed for hours.
    expression=promql(f"""
        {MEMBERS}
          <
        quantile_over_time(0.5, {MEMBERS}[6h:1m])
        unless on (job) {UP} == 0
    """),
    wait="15m",
    severity="warning",
    summary="A Nun-db cluster has fewer members than before.",
    description="The cluster of the job {{ $labels.job }} has {{ $value }} members; it had more for most of the last "
    "six hours, and no exporter reports a node that is down.",
    meaning="A member has left all lists and has not come back, and its exporter is gone as well or was never scraped.",
    confirm=(CHECK_ALL, ask("cluster-state")),
    evidence="Fewer members in the list than nodes that should be there.",
    remedy="Start the missing node, or its exporter. Nodes join only when they start.",
    confusion="A node that was taken out on purpose: the alert ends by itself after three hours. Where the missing "
    "node is still scraped, NundbDown tells, and this alert is silent.",
)


def _changes_too_often(family: str) -> str:
    """Two changes for each node are a rolling restart in which each is the primary when its turn comes."""
    changes = f"changes({family}[15m])"
    return f"sum by (job) ({changes}) > 2 * clamp_min(count by (job) ({changes}), 3)"


ELECTIONS_FLAPPING = Alert(
    name="NundbElectionsFlapping",
    expression=promql(f"""
        {_changes_too_often(cluster.ROLE.where(role="primary"))}
        or
        {_changes_too_often(acting_role.ACTING_PRIMARY.name)}
    """),
    wait="1m",
    severity="warning",
    summary="The primary of a Nun-db cluster changes again and again.",
    description="Nodes of the job {{ $labels.job }} have become primary, or ceased to be, {{ $value }} times within 15 "
    "minutes.",
    meaning="Each join, each leave and each broken link of the primary starts an election. Links that break under load "
    "or latency make a cluster elect without end, and every failover can lose writes or leave two primaries.",
    confirm=(ask("cluster-state"), "grep -i election nun-db.log | tail -50"),
    evidence="The logs tell of elections again and again, and why: a member that leaves, a join.",
    remedy="Find the link that breaks: network, an overloaded node, a node that restarts (NundbRestartLoop). With a "
    "slow network raise NUN_ELECTION_TIMEOUT.",
    confusion="One failover and return are two changes; a rolling restart in the worst order has two for each node and "
    "stays silent, as do up to six in a small cluster. Elections that the same node wins again show only with "
    "--collector.acting_role, and only when scrapes meet them. One address for several nodes: see NundbRestartLoop.",
)
GROUP = Group(
    "nundb-cluster",
    "The cluster",
    (
        NO_PRIMARY,
        SEVERAL_PRIMARIES,
        SEVERAL_ACTING,
        NO_ACTING,
        ROLE_NOT_ACTED,
        MEMBERS_DISAGREE,
        MEMBER_MISSING,
        ELECTIONS_FLAPPING,
    ),
)
