"""The host of a node: what its process uses of what it may."""

from typing import Final

from nundb_exporter.host import families as host
from nundb_exporter.monitoring.rule import NODE, Alert, Group, ask, prose, told
from nundb_exporter.problems import host as problems

PROCESS: Final = "$(pidof nun-db)"
RAISE_LIMIT: Final = f"prlimit --nofile=$(prlimit --nofile --noheadings --output=HARD --pid {PROCESS}): --pid {PROCESS}"
"""Also typed by a drill."""

DESCRIPTORS_RUNNING_OUT: Final = Alert(
    **told(problems.DESCRIPTORS_RUNNING_OUT, node=NODE, share="{{ $value | humanizePercentage }}"),
    expression=f"{host.OPEN_FDS} / {host.MAX_FDS} > {problems.FULL_SHARE}",
    wait="1m",
    meaning=prose("""
        Each connection takes a descriptor, over HTTP two. When the first connection is refused for want of one, the
        HTTP listener ends and does not come back before a restart, the TCP listener takes a whole core until others
        close, and each `metrics-state` over HTTP may end one of the four HTTP workers. Nothing announces it before.
    """),
    confirm=(
        "prlimit --nofile --pid $(pidof nun-db)",
        "ls /proc/$(pidof nun-db)/fd | wc -l",
        "ss --tcp --processes state established | grep nun-db",
        ask("debug list-dbs"),
    ),
    evidence="The number of files is close to the soft limit. `ss` shows which clients hold the connections.",
    remedy=prose(f"""
        The limit of a running process can be raised without a restart, up to its hard limit: `{RAISE_LIMIT}`. Beyond
        that, `prlimit --nofile=65536:65536` is for root, and not for root of every container. For the next start, set
        it in the unit (`LimitNOFILE=`), the container (`--ulimit nofile=`) or the shell. If the number only ever grows,
        a client opens connections and does not close them: `$connections` tells in which database.
    """),
    other_causes=prose("""
        A limit that is very low for another reason. If HTTP no longer answers while TCP does, it has happened already:
        take a snapshot over TCP, then restart the node.
    """),
    needs="--collector.host",
)
GROUP: Final = Group("nundb-host", "The host of a node", (DESCRIPTORS_RUNNING_OUT,))
