"""The drills on real nodes whose exporters also read logs, directories and processes."""

from dataclasses import replace

from nundb_exporter.monitoring.alerts import files, host, log, node

from .clients import dead_watchers, few_descriptors, lost_workers, refused_writes, slow_commands
from .drill import RealDrill
from .saving import (
    damaged_keys,
    dead_snapshot_thread,
    never_saved,
    panics_at_each_start,
    restart_unsafe,
    unsaved,
)

_DRILLS = (
    RealDrill(
        name="panic at each start",
        about="A replica's operation log names a database that it never saved.",
        fires=(node.DOWN, files.RESTART_UNSAFE),
        cure="an empty directory with the primary's files, and each key again",
        writes_per_second=0.001,  # the last record must be that of the database
        run=panics_at_each_start,
    ),
    RealDrill(
        name="restart that is not safe",
        about="The operation logs end with a database that nobody has saved.",
        fires=(files.RESTART_UNSAFE,),
        cure="snapshot of each database, until `files` agrees; then a replica is killed and starts",
        writes_per_second=0.001,  # the last record must be that of the database
        run=restart_unsafe,
    ),
    RealDrill(
        name="database that was never saved",
        about="A database is created, and nobody takes a snapshot of it.",
        fires=(files.NEVER_SAVED,),
        cure="snapshot; a replica restarts, and has it",
        run=never_saved,
    ),
    RealDrill(
        name="old snapshots",
        about="A database was saved two days ago, by the time of its file, and is written to.",
        fires=(files.UNSAVED,),
        cure="snapshot",
        run=unsaved,
    ),
    RealDrill(
        name="damaged keys",
        about="Keys are removed, `snapshot true` follows, and then another snapshot.",
        fires=(files.FILES_DAMAGED,),
        cure="one node after the other, the primary last: `snapshot true`, then it restarts, each key again",
        run=damaged_keys,
    ),
    RealDrill(
        name="dead snapshot thread",
        about="A file of a replica cannot be written while a snapshot wants to.",
        fires=(log.SNAPSHOT_THREAD_DEAD, files.SNAPSHOT_NOT_DONE),
        cure="snapshot on the primary, SIGKILL, start, each key again",
        run=dead_snapshot_thread,
    ),
    RealDrill(
        name="lost HTTP workers",
        about="Two panics have ended two HTTP workers of a replica.",
        fires=(log.THREAD_PANICKED,),
        cure="snapshot, restart, each key again",
        run=lost_workers,
    ),
    RealDrill(
        name="dead watchers",
        about="A client watches ten keys of a replica over HTTP, and selects another database.",
        fires=(log.WATCHERS_DEAD,),
        cure="snapshot, restart, each key again",
        run=dead_watchers,
    ),
    RealDrill(
        name="refused writes",
        about="A key is written on a secondary, and then with `set-safe` on the primary.",
        fires=(log.REPLICA_REFUSES_WRITES,),
        cure="a plain `set` on the primary",
        looks_back_seconds=3600.0,
        run=refused_writes,
    ),
    RealDrill(
        name="slow commands",
        about="A client lists the 30,000 keys of a database again and again.",
        fires=(log.COMMANDS_SLOW,),
        cure="it lists those of a pattern",
        run=slow_commands,
    ),
    RealDrill(
        name="few descriptors",
        about="200 idle clients hold most of what a replica may open.",
        fires=(host.DESCRIPTORS_RUNNING_OUT,),
        cure="prlimit",
        run=few_descriptors,
    ),
)
BESIDE_NODES = tuple(replace(drill, is_beside_nodes=True) for drill in _DRILLS)
