"""What servers of other times answered."""

import re

import pytest

from nundb_devserver import RELEASES, Node
from tests.wire.idle_time import node_options

from .asking import ask, until

OPLOG = r"pending_ops: \d+, op_log_file_size: \d+, op_log_count: \d+"
AVERAGES = r"replication_time_moving_avg: [0-9.]+, get_query_time_moving_avg: [0-9.]+"


@pytest.mark.parametrize(
    ("release", "command", "answer"),
    [
        ("2021-10", "oplog-state", r"oplog-state pending_opps: \d+\n"),
        ("2021-10", "metrics-state", "unknown command: metrics-state"),
        ("2021-10", "debug pending-ops", "unknown command: debug"),
        ("2021-10", "cluster-state", r"cluster-state  127.0.0.1:\d+:Primary,\n"),
        ("2021-11", "oplog-state", rf"oplog-state {OPLOG}\n"),
        ("2021-12", "metrics-state", rf"oplog-state {OPLOG},{AVERAGES}\n\n"),
        ("2021-12", "oplog-state", "unknown command: oplog-state"),
        ("2022-01", "metrics-state", rf"metrics-state {OPLOG},{AVERAGES}\n\n"),
        ("2022-01", "debug list-dbs", "empty"),
        ("2022-01", "list-commands", "unknown command: list-commands"),
        ("2022-01", "get", "get must contain a key"),
        ("2023-10", "debug list-dbs", r"dbs-list \n\$admin : newer\n"),
        ("2023-10", "debug process-info", "empty"),
        ("2023-10", "cluster-state", r"cluster-state  127.0.0.1:\d+:Primary,\n"),
        ("2023-10", "list-commands", r"commands-list ,[a-z,-]+\n"),
        ("current", "cluster-state", r"cluster-state  127.0.0.1:\d+\(self\):Primary ,\n"),
        ("current", "debug process-info", r"process-info \nprocess_id: \d{13}\n"),
        ("current", "oplog-state", "unknown command: oplog-state"),
    ],
)
async def test_a_server_of_that_time_answered_so(release: str, command: str, answer: str) -> None:
    """Its verbs, its fields, its numbers."""
    async with Node(node_options(release=release)) as node:

        async def is_primary() -> bool:
            return "exists" in await ask(node, "create-db $admin x")

        await until(is_primary)
        assert re.fullmatch(answer, await ask(node, command))


async def test_an_older_server_does_not_tell_who_has_acknowledged() -> None:
    """Its entries of pending operations end after the counts."""
    async with Node(node_options(release="2022-01")) as node:
        await ask(node, "replicate-join 127.0.0.1:1;debug force-election")
        assert re.search(r"replicate_count: 1 \n$", await ask(node, "debug pending-ops"))


def test_every_release_says_what_it_is() -> None:
    """In one line, the oldest first and today's last."""
    assert list(RELEASES) == sorted(RELEASES)
    assert all(release.about for release in RELEASES.values())


async def test_unresolved_conflicts_are_looked_for_under_a_name_that_they_never_have(node: Node) -> None:
    """Unless somebody writes such a key by hand."""
    assert await ask(node, "use-db shop st;debug pendding-conflitcts") == "empty;conflitcts-list \n"
    await ask(node, "use-db shop st;set $$conflitcts_a x")
    assert await ask(node, "use-db shop st;debug pendding-conflitcts") == "empty;conflitcts-list ,$$conflitcts_a\n"
