"""What a healthy node says, and what it may say instead."""

from collections.abc import Mapping
from typing import Final, NamedTuple

USER: Final = "nun"
PASSWORD: Final = "nun-pwd"


class Said(NamedTuple):
    """What a command gives: a message, or an error, or neither, which is a bare `ok`."""

    message: str | None = None
    error: str | None = None


GOOD: Final[Mapping[str, Said]] = {
    f"auth {USER} {PASSWORD}": Said("valid auth\n"),
    "metrics-state": Said(
        "metrics-state pending_ops: 0, op_log_file_size: 350, op_log_count: 14,"
        "replication_time_moving_avg: 39.5, get_query_time_moving_avg: 0.25\n\n"
    ),
    "cluster-state": Said("cluster-state  10.0.0.1:3014(self):Primary , 10.0.0.2:3014(Connected):Secoundary,\n"),
    "debug process-info": Said("process-info \nprocess_id: 1795400324150\n"),
    "debug list-dbs": Said("dbs-list \n$admin : newer\nshop : none\n"),
    "debug pending-ops": Said("pending-ops \n"),
    "create-db $admin x": Said(error="database already exists"),
    "use-db shop shop-token": Said(),
    "get-safe $connections": Said("value-version 7 3\n"),
    "keys": Said("keys ,$connections,a,b\n"),
    "keys $conflicts_*": Said("keys \n"),
}
"""A healthy primary, in the words of a real one."""

PENDING: Final = Said(
    "metrics-state pending_ops: 2, op_log_file_size: 350, op_log_count: 14,"
    "replication_time_moving_avg: 39.5, get_query_time_moving_avg: 0.25\n\n"
)
"""The reply of a node on which two operations are pending."""


def script(**changes: Said) -> dict[str, Said]:
    """Return a healthy node's replies, some changed; a keyword's `_` stands for a space or a hyphen of the command."""
    replies = dict(GOOD)
    for name, said in changes.items():
        key = next(command for command in GOOD if command.replace(" ", "_").replace("-", "_") == name)
        replies[key] = said
    return replies
