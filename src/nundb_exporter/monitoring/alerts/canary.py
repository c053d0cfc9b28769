"""The canary: whether a word can be written, how long it takes to replicas, and whether they hold it."""

from typing import Final

from nundb_exporter.canary import families as canary
from nundb_exporter.monitoring.rule import (
    CHECK_ALL_COMMAND,
    CLUSTER,
    NODE,
    PENDING_COMMAND,
    Alert,
    Group,
    ask,
    prose,
    told,
)
from nundb_exporter.problems import canary as problems

_NEEDS: Final = "the section canary of the configuration file"
_OTHER_VALUES: Final = (
    ask("use-db DATABASE TOKEN;get KEY"),
    "nundb-exporter compare --database DATABASE http://NODE-1:3013 http://NODE-2:3013 http://NODE-3:3013",
)
"""Whether values of the applications are concerned, too."""

FAILING: Final = Alert(
    **told(problems.FAILING, node=NODE, reason="it has failed for five minutes, and nundb_canary_failure says why"),
    expression=f"{canary.SUCCESS} == 0",
    wait="5m",
    meaning=prose("""
        Once an interval the canary writes a word on the primary and reads it back, as an application does.
        `no_primary`: the node lists no primary, or one that does not act as such. `unreachable`: a node does
        not answer over WebSocket, which most applications use. `not_read_back`: the primary acknowledges a
        write and holds another value. `refused` and `foreign_keys` are about the canary's own database.
    """),
    confirm=("curl --silent http://EXPORTER:9898/metrics | grep nundb_canary_failure", CHECK_ALL_COMMAND),
    evidence="The reason that is 1; the exporter's log has it in words, after `the canary cannot write`.",
    remedy=prose("""
        `no_primary` and `unreachable`: see the alerts on the node and the cluster, which fire as well.
        `refused`: the token is not the one that the database was created with. `foreign_keys`: give the canary
        a database that nothing else uses.
    """),
    other_causes=prose("""
        The WebSocket port of a member is not two below its TCP port: set `canary.members`. An election takes a
        second and fails one word at most.
    """),
    needs=_NEEDS,
)
DIVERGED: Final = Alert(
    **told(problems.DIVERGED, member="{{ $labels.member }}", cluster=CLUSTER),
    expression=f"max by (job, member) ({canary.DIVERGED}) == 1",
    wait="1m",
    meaning=prose("""
        The word that a canary wrote on the primary has not come to this member by the deadline, nor by the
        second look, and no earlier word has come since: writes do not reach it. It answers reads all the same,
        with old values. Nun-db sends nothing again.
    """),
    confirm=(CHECK_ALL_COMMAND, PENDING_COMMAND, *_OTHER_VALUES),
    evidence=prose("""
        `check` shows whether the primary lists the member and has a link to it: one that the primary has
        forgotten gets nothing and still lists the primary. The values differ between the nodes.
    """),
    remedy=prose("""
        If the primary does not list the member, stop it and start it again: it joins only when it starts. Then
        repair its values, because a rejoin restores neither what it has missed nor strategies: as under
        NundbDatabaseStrategyDiffers.
    """),
    other_causes=prose("""
        A link so slow that words take longer than twice the deadline makes a member late, not diverged, as long
        as earlier words arrive: see NundbReplicationLate. While a member hangs the canary does not write and
        judges nothing. A member whose copy of the canary's database has another token, or none.
    """),
    needs=_NEEDS,
)
DAMAGED: Final = Alert(
    **told(problems.DAMAGED, member="{{ $labels.member }}", cluster=CLUSTER),
    expression=f"max by (job, member) ({canary.DAMAGED}) == 1",
    wait="1m",
    meaning=prose("""
        All canaries of a database share the key `still`, which holds two words and is written once. When a
        replica joins, Nun-db may send values without their first word: of two words the second is left, of one
        none. What shows at this key has most likely happened to every key of every database on this member.
        Replicas that never left are damaged too, in about one of four rejoins, because the one that joined
        answers their own sync.
    """),
    confirm=(ask("use-db canary CANARY-TOKEN;get still"), *_OTHER_VALUES),
    evidence="`get still` should print `value first second`; `compare` names the keys that differ.",
    remedy=prose("""
        Copy the primary's files of every database to the member, as under NundbDatabaseStrategyDiffers, or
        write every key again on the primary: a plain `set` heals a key on all members. A restart makes it
        worse: each join damages again. The alert resolves when `still` is whole, so heal it last: `set still
        first second` on the primary.
    """),
    other_causes="Somebody has written or removed the key `still` by hand.",
    needs=_NEEDS,
)
LATE: Final = Alert(
    name="NundbReplicationLate",
    expression=(
        f"sum by (job, member) (increase({canary.MISSED}[10m])) / "
        f"sum by (job, member) (increase({canary.DELAY.count}[10m])) > {problems.LATE_SHARE}"
    ),
    wait="5m",
    severity="warning",
    summary="Writes reach a Nun-db replica late, or not at all.",
    description=prose("""
        More than a tenth of the words that the canaries of the cluster {{ $labels.job }} wrote within ten
        minutes reached {{ $labels.member }} later than the deadline, or not at all.
    """),
    meaning=prose("""
        A word takes milliseconds to a replica, and a third of a second on a machine that has no CPU left.
        Whoever reads from this member reads old values for longer than the deadline of the canary, one second
        unless it was set.
    """),
    confirm=(PENDING_COMMAND, ask("metrics-state"), "ping NODE"),
    evidence="`replication_time_moving_avg` of the primary is high, or the member's machine is busy.",
    remedy=prose("""
        Find what is slow: the member's CPU or disk, the network, or a burst of writes (each is sent to every
        member by itself). A snapshot of a large database holds up what is replicated meanwhile.
    """),
    other_causes=prose("""
        A member that holds the words and does not tell its watchers: its values are right, and clients that
        watch keys there are not told of changes.
    """),
    needs=_NEEDS,
)
GROUP: Final = Group("nundb-canary", "A word that is written and watched", (FAILING, DIVERGED, DAMAGED, LATE))
