"""What each collector makes of answers that no recording holds: old servers, refusals, forms."""

import pytest

from nundb_exporter.collectors import (
    acting_role,
    cluster,
    compat,
    databases,
    oplog,
    pending,
    process,
    queries,
    replication,
    transports,
)
from nundb_exporter.errors import ProtocolError
from nundb_exporter.metrics import Answers, Collector
from nundb_exporter.protocol.commands import (
    ACTING_ROLE,
    CLUSTER_STATE,
    LIST_DBS,
    METRICS_STATE,
    PROCESS_INFO,
    Command,
)
from nundb_exporter.protocol.replies import Reply

from .reading import FIVE, node, read

OLDER = (Reply(), Reply(error="unknown command: debug"))


@pytest.mark.parametrize(
    ("collector", "command"),
    [
        (oplog.COLLECTOR, METRICS_STATE),
        (replication.COLLECTOR, METRICS_STATE),
        (queries.COLLECTOR, METRICS_STATE),
        (compat.COLLECTOR, METRICS_STATE),
        (pending.COLLECTOR, METRICS_STATE),
        (process.COLLECTOR, PROCESS_INFO),
        (cluster.COLLECTOR, CLUSTER_STATE),
        (databases.COLLECTOR, LIST_DBS),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
@pytest.mark.parametrize("reply", OLDER, ids=["silence", "unknown command"])
def test_a_server_that_is_older_than_a_command_gives_nothing(
    collector: Collector, command: Command[object], reply: Reply
) -> None:
    """Absent is absent, and no failure: the server cannot help its age."""
    assert read(collector, Answers(node={command: reply})) == {}
    assert list(collector.follow_up(Answers(node={command: reply}))) == []


@pytest.mark.parametrize(
    "collector", [oplog.COLLECTOR, process.COLLECTOR, cluster.COLLECTOR, databases.COLLECTOR, acting_role.COLLECTOR]
)
@pytest.mark.parametrize("reply", [Reply(error="Not auth"), Reply(error="<html>"), None], ids=str)
def test_a_refusal_fails_the_collector_without_repeating_it(collector: Collector, reply: Reply | None) -> None:
    """What was refused, or not answered at all, is a failure; its text may come from anywhere and is not shown."""
    answers = Answers(node={} if reply is None else {collector.commands[0]: reply})
    with pytest.raises(ProtocolError) as caught:
        read(collector, answers)
    assert "html" not in str(caught.value)
    assert str(collector.commands[0]) in str(caught.value)


def test_milliseconds_become_seconds_but_for_the_old_names() -> None:
    """The wire says milliseconds, Prometheus seconds; the older exporter's families keep what they had."""
    answers = node({METRICS_STATE: f"metrics-state pending_ops: 2, {FIVE}"})
    assert read(replication.COLLECTOR, answers) == {
        (replication.PENDING, ()): 2,
        (replication.DURATION, ()): 0.0395,
    }
    assert read(queries.COLLECTOR, answers) == {(queries.DURATION, ()): 0.00025}
    assert read(oplog.COLLECTOR, answers) == {(oplog.SIZE, ()): 350, (oplog.RECORDS, ()): 14}
    assert list(read(compat.COLLECTOR, answers).values()) == [2, 350, 14, 39.5, 0.25]


@pytest.mark.parametrize("collector", [oplog.COLLECTOR, queries.COLLECTOR])
def test_a_number_that_the_server_does_not_tell_is_absent(collector: Collector) -> None:
    """The servers of 2021-10 told the pending operations alone."""
    answers = node({METRICS_STATE: "oplog-state pending_opps: 2"})
    assert read(collector, answers) == {}
    assert read(replication.COLLECTOR, answers) == {(replication.PENDING, ()): 2}
    assert read(compat.COLLECTOR, answers) == {(compat.PENDING, ("all",)): 2}


def test_a_node_before_its_first_election_is_starting_up() -> None:
    """It lists nobody, not even itself."""
    assert read(cluster.COLLECTOR, node({CLUSTER_STATE: "cluster-state "})) == {
        (cluster.ROLE, ("primary",)): 0,
        (cluster.ROLE, ("secondary",)): 0,
        (cluster.ROLE, ("starting_up",)): 1,
    }


def test_a_server_that_does_not_say_which_member_it_is_has_no_role() -> None:
    """Before 2023-11-19 the list had no `(self)` and no links."""
    text = "cluster-state  a:1:Primary, b:1:Secoundary,"  # sic
    assert read(cluster.COLLECTOR, node({CLUSTER_STATE: text})) == {
        (cluster.MEMBER, ("a:1", "primary")): 1,
        (cluster.MEMBER, ("b:1", "secondary")): 1,
    }


def test_links_are_told_of_the_others_alone() -> None:
    """A node holds no link to itself."""
    text = "cluster-state  a:1(self):Secoundary , b:1(Disconnected):StartingUp, c:1(Connected):Primary,"  # sic
    found = read(cluster.COLLECTOR, node({CLUSTER_STATE: text}))
    assert {labels: value for (family, labels), value in found.items() if family is cluster.CONNECTED} == {
        ("b:1",): 0,
        ("c:1",): 1,
    }
    assert found[cluster.ROLE, ("secondary",)] == 1


@pytest.mark.parametrize(
    ("error", "value"), [("database already exists", 1), ("Create database only allow from primary!", 0)]
)
def test_the_acting_role_is_told_by_the_words_of_the_refusal(error: str, value: int) -> None:
    """Both answers are refusals; nothing was created."""
    assert read(acting_role.COLLECTOR, Answers(node={ACTING_ROLE: Reply(error=error)})) == {
        (acting_role.ACTING_PRIMARY, ()): value
    }


def test_transports_are_up_or_down_each_on_its_own() -> None:
    """One that is down has no connect time; one that was not tried yet is absent."""
    answers = Answers(probes={"http": 0.001, "tcp": None})
    assert read(transports.COLLECTOR, answers) == {
        (transports.UP, ("http",)): True,
        (transports.CONNECT_DURATION, ("http",)): 0.001,
        (transports.UP, ("tcp",)): False,
    }
