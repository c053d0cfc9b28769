"""Drills of what a canary sees: its exporters write a word, and watch it reach every member."""

from nundb_exporter.monitoring.alerts import canary, cluster, databases, node

from .breaks import of_devserver
from .drill import LEFT_BEHIND, Drill, Lane
from .setting import Setting

CANARIES = Lane(
    (
        Drill(
            name="hung primary and canaries",
            about="The primary hangs, and canaries cannot write.",
            fires=(node.HUNG, canary.FAILING),
            may_fire=(canary.LATE,),
            run=of_devserver("hung-node", at_primary=True),
        ),
        Drill(
            name="forgotten replica",
            about="The primary forgets a replica, which still lists the primary and misses what is written.",
            fires=(canary.DIVERGED, canary.LATE, cluster.MEMBERS_DISAGREE, databases.MISSING),
            # Its cure is a join, which may damage as any other, and a cluster without it for some seconds.
            may_fire=(*LEFT_BEHIND, canary.DAMAGED, canary.FAILING),
            run=of_devserver("missing-database"),
        ),
        Drill(
            name="damaged replica",
            about="A replica joins with an empty directory, and has lost the first word of a canary's value.",
            fires=(canary.DAMAGED, databases.STRATEGY_DIFFERS),
            may_fire=(*LEFT_BEHIND, canary.LATE, canary.DIVERGED, canary.FAILING),
            run=of_devserver("sync-damage"),
        ),
    ),
    Setting(has_canaries=True),
)
