"""Answers that a run of the real server does not repeat either, line by line, and what is made alike there.

Found by replaying the recordings against the binary that made them: these are races of its threads.
"""

import re
from collections.abc import Iterable

Pattern = tuple[re.Pattern[str], str]

CLAIM: Pattern = (re.compile(r"election candidate <pid> (\S+)\"|set-primary (\S+)\""), "<claim>")
"""An election that is won at once, or is first announced to the member that is just being added."""
OPLOG: Pattern = (re.compile(r"op_log_file_size: \d+, op_log_count: \d+"), "<oplog>")
PENDING_COUNT: Pattern = (re.compile(r"pending_ops: \d+"), "<pending>")
PENDING_LIST: Pattern = (re.compile(r"pending-ops .*", re.DOTALL), "<pending>")
VERSION: Pattern = (re.compile(r"value-version -?\d+"), "<version>")
ROLE: Pattern = (re.compile(r"Primary|Secoundary|StartingUp"), "<role>")
ACTING: Pattern = (
    re.compile(r"Create database only allow from primary!|database already exists"),
    "<acting>",
)

SYNCS: tuple[Pattern, ...] = (OPLOG, VERSION)
"""A node that joins is synchronised by every other one: whether a sync arrives before the databases exist is chance."""
WAR: tuple[Pattern, ...] = (PENDING_COUNT, PENDING_LIST, ROLE, ACTING)
"""Looked at in the middle of elections."""
STORM: tuple[Pattern, ...] = (OPLOG, VERSION, PENDING_COUNT, PENDING_LIST)
"""Looked at while a verdict goes round."""

UNREPEATABLE: dict[str, tuple[tuple[Iterable[int], tuple[Pattern, ...]], ...]] = {
    "cluster-failover.jsonl": ((range(15, 21), WAR), ((35, 44), SYNCS)),
    "cluster-force-election.jsonl": ((range(25, 34), WAR),),
    "cluster-late-join.jsonl": (((22, 36, 38, 44), SYNCS),),
    "cluster-resolve-storm.jsonl": ((range(12, 31), STORM),),
    "force-election-single.jsonl": ((range(15, 48), (CLAIM,)),),
}


def patterns(source: str, line: int) -> tuple[Pattern, ...]:
    """Return what is made alike in an answer, beyond what always is."""
    return next((found for lines, found in UNREPEATABLE.get(source, ()) if line in lines), ())
