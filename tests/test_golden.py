"""Whole pages, as users see them: what nodes have said goes in, the text that Prometheus reads comes out."""

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.exposition import Format, render
from nundb_exporter.metrics import COLLECTOR_DURATION, SCRAPE_DURATION, Answers, Options, Sample
from nundb_exporter.protocol.commands import (
    ACTING_ROLE,
    CLUSTER_STATE,
    CONFLICT_KEYS,
    CONNECTIONS,
    KEYS,
    LIST_DBS,
    METRICS_STATE,
    OPLOG_STATE,
    PENDING_OPS,
    PROCESS_INFO,
)
from nundb_exporter.protocol.pending import pending_operations
from nundb_exporter.protocol.replies import Reply
from tests import recordings
from tests.conftest import Golden
from tests.programs import needed
from tests.scripted import scripted_node

ALL_BUT_TRANSPORTS = [collector.name for collector in COLLECTORS if not collector.probes]
RECORDED_AT = 1795400500.0
"""About when the recordings were made, in seconds since the epoch."""


def healthy_primary() -> Answers:
    """A node alone, with three databases and conflicts of both states."""
    return list(recordings.answers("exporter-http"))[-1]


def primary_with_pending_operations() -> Answers:
    """The moment with the most pending operations: every kind of them, two members that hang."""
    steps = [answers for answers in recordings.answers("cluster-pending") if PENDING_OPS in answers.node]
    return max(steps, key=lambda answers: len(pending_operations(answers.node[PENDING_OPS].text or "")))


def secondary() -> Answers:
    """A replica of three nodes."""
    steps = recordings.answers("cluster-primary-writes")
    return [step for step in steps if "(self):Secoundary" in (step.node.get(CLUSTER_STATE, Reply()).text or "")][
        -1
    ]  # sic


def server_of_2021() -> Answers:
    """A server of 2021-11 (tables of the protocol notes 5.3 and 6.6): no metrics-state, no debug, no links told."""
    shop = {
        CONNECTIONS: Reply("value-version 7 3"),
        CONFLICT_KEYS: Reply("keys "),
        KEYS: Reply("keys ,$connections,a,b"),
    }
    return Answers(
        Options(("shop",)),
        {
            METRICS_STATE: Reply(error="unknown command: metrics-state"),
            OPLOG_STATE: Reply("oplog-state pending_ops: 2, op_log_file_size: 350, op_log_count: 14"),
            CLUSTER_STATE: Reply("cluster-state  10.0.0.1:3014:Primary, 10.0.0.2:3014:Secoundary,"),  # sic
            PROCESS_INFO: Reply(error="unknown command: debug"),
            LIST_DBS: Reply(error="unknown command: debug"),
            PENDING_OPS: Reply(error="unknown command: debug"),
            ACTING_ROLE: Reply(error="database already exists"),
        },
        {("shop", command): reply for command, reply in shop.items()},
    )


def server_of_2022() -> Answers:
    """A server of 2022-01: five numbers, a pending list that does not tell who owes, no other word after debug."""
    listing = (
        'pending-ops message: "replicate shop a -1 x", opp_id: 1641600000000000000, ack_count: 0, replicate_count: 1 '
    )
    numbers = "replication_time_moving_avg: 0.00007003404479057364, get_query_time_moving_avg: 2.5"
    return Answers(
        Options(),
        {
            METRICS_STATE: Reply(f"metrics-state pending_ops: 1, op_log_file_size: 350, op_log_count: 14,{numbers}"),
            CLUSTER_STATE: Reply("cluster-state  10.0.0.1:3014:Primary, 10.0.0.2:3014:Secoundary,"),  # sic
            PROCESS_INFO: Reply(),
            LIST_DBS: Reply(),
            PENDING_OPS: Reply(listing),
            ACTING_ROLE: Reply(error="Create database only allow from primary!"),
        },
    )


async def page(answers: Answers) -> list[Sample]:
    """Scrape a node that says so, and the databases that it was asked all about; how long it took is not golden."""
    known = [
        name
        for name in answers.options.databases
        if all((name, command) in answers.database for command in (CONNECTIONS, CONFLICT_KEYS, KEYS))
    ]
    answers = replace(answers, options=replace(answers.options, databases=tuple(sorted(known))))
    node, _ = scripted_node(answers, *ALL_BUT_TRANSPORTS, clock=lambda: RECORDED_AT)
    scrape = await node.scrape(asyncio.get_running_loop().time() + 10)
    durations = {SCRAPE_DURATION, COLLECTOR_DURATION}
    return [sample._replace(value=0) if sample.family in durations else sample for sample in scrape.samples]


@pytest.mark.parametrize(
    "node",
    [healthy_primary, primary_with_pending_operations, secondary, server_of_2021, server_of_2022],
    ids=lambda node: node.__name__,
)
async def test_a_page_is_as_it_was_looked_at(node: Callable[[], Answers], golden: Golden) -> None:
    """Every line of the page is as it was when a person read it, and promtool has nothing to say against it."""
    samples = await page(node())
    rendered = render(samples, Format.TEXT)
    assert rendered.dropped == 0
    path = golden.check(f"{node.__name__}.prom", rendered.text)
    promtool = needed("promtool")
    with path.open("rb") as text:
        linted = subprocess.run([promtool, "check", "metrics"], stdin=text, capture_output=True, text=True, check=False)  # noqa: ASYNC221
    assert (linted.returncode, linted.stdout, linted.stderr) == (0, "", "")


@pytest.mark.parametrize("node", [healthy_primary, primary_with_pending_operations, secondary, server_of_2021])
async def test_both_formats_say_the_same(node: Callable[[], Answers]) -> None:
    """Prometheus reads the same names, labels and values whichever format it asked for."""
    samples = await page(node())
    plain, open_metrics = render(samples, Format.TEXT).text, render(samples, Format.OPENMETRICS).text
    expected = {(s.family.name, frozenset(zip(s.family.labels, s.labels, strict=True)), s.value) for s in samples}
    for families in (parse_text(plain), parse_openmetrics(open_metrics)):  # type: ignore[no-untyped-call] # the library has no types here
        read = {(s.name, frozenset(s.labels.items()), s.value) for family in families for s in family.samples}
        assert read == expected


async def test_what_the_old_exporter_showed_is_on_the_page() -> None:
    """The five families of the exporter before ours: same names, same label, milliseconds."""
    samples = {sample.family.name: sample for sample in await page(server_of_2022())}
    assert samples["nun_db_op_log_pending_ops"][1:] == (("all",), 1)
    assert samples["nun_db_op_log_file_size"][1:] == (("all",), 350)
    assert samples["nun_db_op_log_ops"][1:] == (("all",), 14)
    assert samples["nun_db_replication_time_moving_avg"][1:] == (("all",), 0.00007003404479057364)
    assert samples["nun_db_query_time_moving_avg"][1:] == (("all",), 2.5)
    assert samples["nundb_query_duration_moving_average_seconds"].value == 0.0025
