"""What /metrics gives on a bad day, over each transport: always a page, in time, with the reason and nothing stale."""

import pytest

from nundb_exporter.config.settings import TransportPorts
from tests.wire.behaviours import (
    answering,
    closing_at_once,
    closing_half_way,
    closing_unanswered,
    dripping,
    hanging_at,
    mute,
    resetting_half_way,
    saying,
    silent,
    stopping,
)
from tests.wire.clock import Clock
from tests.wire.exporter import meet_deadline, scrape, serving, target
from tests.wire.framing import http
from tests.wire.pages import Page, fetch
from tests.wire.replies import GOOD, PENDING, Said, script
from tests.wire.scripted import Behaviour, Peer, ScriptedNode

from .conftest import Nodes

HTML = b"<!doctype html><html><body>It works; enjoy; have; a; nice; day</body></html>"
OPERATION = "1795400325465330016"
CONFLICT = f"$conflicts_a_{OPERATION}"
GARBAGE = bytes(range(255, 0, -1)) * 4


def failed_because_of(page: Page, reason: str) -> bool:
    """Whether the page says that the node is down for this reason alone, and holds no number of the node."""
    assert page.status == 200
    return page.samples["nundb_up",] == 0 and page.reasons == [reason] and not page.node_families


async def after_a_good_scrape(nodes: Nodes, behaviour: Behaviour) -> Page:
    """Scrape a node that is well, let it behave otherwise, and return what the next scrape gives."""
    async with nodes(answering()) as node, serving(target(node.url, tls=nodes.tls)) as url:
        assert (await fetch(f"{url}/metrics")).is_up
        node.behaviour = behaviour
        await node.restart()
        return await fetch(f"{url}/metrics")


async def test_a_healthy_node_gives_every_family_over_each_transport(nodes: Nodes) -> None:
    """The transports give the same samples."""
    replies = {
        **GOOD,
        "keys $conflicts_*": Said(f"keys ,{CONFLICT}\n"),
        f"get {CONFLICT}": Said(f"value resolve {OPERATION} shop 1 a one two\n"),
    }
    async with nodes(answering(replies)) as node:
        page = await scrape(target(node.url, "shop", tls=nodes.tls))
    assert page.is_up
    assert not page.failed_collectors
    assert page.samples["nundb_oplog_size_bytes",] == 350
    assert page.samples["nundb_replication_duration_moving_average_seconds",] == 0.0395
    assert page.samples["nundb_process_start_time_seconds",] == 1795400324.150
    assert page.samples["nundb_cluster_member_connected", "10.0.0.2:3014"] == 1
    assert page.samples["nundb_database_info", "shop", "none"] == 1
    assert page.samples["nundb_database_connections", "shop"] == 2
    assert page.samples["nundb_database_conflicts", "shop", "unresolved"] == 1
    assert page.samples["nun_db_op_log_ops", "all"] == 14


async def test_what_is_known_of_a_node_that_is_down_is_zero(nodes: Nodes) -> None:
    """Every reason and every collector has its sample, as when all is well."""
    async with nodes(answering()) as node, serving(target(node.url, tls=nodes.tls)) as url:
        before = await fetch(f"{url}/metrics")
        await node.stop()
        after = await fetch(f"{url}/metrics")
        await node.start()
    known = {key for key in before.samples if key[0].startswith(("nundb_up", "nundb_scrape_"))}
    assert known <= after.samples.keys()
    assert {after.samples[key] for key in known if key[0] == "nundb_scrape_collector_success"} == {0}


async def test_a_refused_connection_is_told_at_once(nodes: Nodes, clock: Clock) -> None:
    """Nobody listens: reason connect, without any waiting, and no number of the scrape before."""
    async with nodes(answering()) as node, serving(target(node.url, tls=nodes.tls)) as url:
        assert (await fetch(f"{url}/metrics")).is_up
        await node.stop()
        clock.stop()
        page = await fetch(f"{url}/metrics")
        assert clock.is_stopped
        assert failed_because_of(page, "connect")
        await node.start()


@pytest.mark.parametrize("behaviour", [silent, mute, dripping, stopping])
async def test_a_node_that_does_not_finish_its_answer_is_a_timeout(
    nodes: Nodes, behaviour: Behaviour, clock: Clock
) -> None:
    """It accepts and is silent, answers nothing, answers one byte a second, or stops half-way."""
    async with nodes(answering()) as node, serving(target(node.url, tls=nodes.tls)) as url:
        assert (await fetch(f"{url}/metrics")).is_up
        node.behaviour = behaviour
        await node.restart()
        # Over HTTP, where half of the time has brought not one byte, a fresh connection is asked.
        questions = 2 if nodes.scheme.startswith("http") and behaviour in {silent, mute} else 1
        assert failed_because_of(await meet_deadline(url, node, clock, questions), "timeout")


@pytest.mark.parametrize("behaviour", [closing_at_once, closing_unanswered, closing_half_way, resetting_half_way])
async def test_a_node_that_hangs_up_is_a_failure_of_the_connection(nodes: Nodes, behaviour: Behaviour) -> None:
    """It closes at once, before an answer, half-way through one, or resets the connection."""
    page = await after_a_good_scrape(nodes, behaviour)
    assert failed_because_of(page, "connect")


async def test_a_wrong_password_is_told_as_such(nodes: Nodes) -> None:
    """The node says `invalid auth` with every sign of success."""
    replies = {command: said for command, said in GOOD.items() if not command.startswith("auth ")}
    page = await after_a_good_scrape(nodes, answering(replies))
    assert failed_because_of(page, "auth")


async def test_a_node_that_forgets_who_we_are_is_not_up(nodes: Nodes) -> None:
    """It takes the password and refuses every command all the same."""
    refusals = {command: Said(error="Not auth") for command in GOOD if not command.startswith("auth ")}
    page = await after_a_good_scrape(nodes, answering({**GOOD, **refusals}))
    assert page.samples["nundb_up",] == 0
    assert page.reasons == ["protocol"]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(saying(http(HTML)), id="page"),
        pytest.param(saying(http(HTML, "500 Internal Server Error")), id="500"),
        pytest.param(saying(http(b"", "302 Found", "Location: /login")), id="redirect"),
        pytest.param(saying(http(b"", "401 Unauthorized")), id="401"),
        pytest.param(saying(HTML + b"\n"), id="bare page"),
        pytest.param(saying(GARBAGE + b"\n"), id="garbage"),
        pytest.param(saying(b"SSH-2.0-OpenSSH_9.2\r\n"), id="ssh"),
        pytest.param(saying(b"-ERR unknown command\r\n" * 9), id="redis"),
    ],
)
async def test_what_is_not_a_nun_db_is_a_failure_of_the_protocol(nodes: Nodes, said: Behaviour) -> None:
    """A web server, another database or noise answers at the node's port."""
    page = await after_a_good_scrape(nodes, said)
    assert failed_because_of(page, "protocol")


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
async def test_a_proxy_without_a_node_is_a_failure_of_the_connection(nodes: Nodes, version: str, status: str) -> None:
    """Something in between answers because the node does not."""
    said = http(HTML, status).replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    page = await after_a_good_scrape(nodes, saying(said, then_closes=True))
    assert failed_because_of(page, "connect")


async def test_a_node_that_breaks_at_its_metrics_is_left_alone() -> None:
    """Each request over HTTP would end another of its workers: it is asked once, and once over TCP to tell why.

    After that, only the greeting of TCP shows that it is still the same process.
    """
    broken = saying(http(b"", "500 Internal Server Error"))
    async with ScriptedNode(broken) as node, ScriptedNode(closing_unanswered, "tcp") as tcp:
        ports = TransportPorts(http=node.port, tcp=tcp.port, websocket=1)
        async with serving(target(node.url, ports=ports)) as url:
            pages = [await fetch(f"{url}/metrics", timeout_header="5") for _ in range(5)]
        assert all(failed_because_of(page, "protocol") for page in pages)
        assert node.connections == 1
        assert tcp.connections == 1 + len(pages)  # the commands once, and the greeting each time


@pytest.mark.parametrize(
    "greeting", [b"\x4a\x00\x00\x00\x0a8.0.36\x00", b"SSH-2.0-OpenSSH_9.2", b"220 mail.example ESMTP"]
)
@pytest.mark.parametrize("scheme", ["tcp", "ws"])
async def test_another_service_that_greets_is_a_failure_of_the_protocol(nodes: Nodes, greeting: bytes) -> None:
    """As soon as it has spoken, though it never ends its line: a timeout would blame the node."""

    async def behave(peer: Peer) -> None:
        await peer.send(greeting)
        await peer.hang()

    page = await after_a_good_scrape(nodes, behave)
    assert failed_because_of(page, "protocol")


@pytest.mark.parametrize(
    "said",
    [
        Said("metrics-state pending: 0, log: 350\n\n"),
        Said('metrics-state {"pending_ops": 0}\n\n'),
        Said("metrics-state pending_ops: many, op_log_file_size: 350\n\n"),
        Said("metrics-state pending_ops: -1\n\n"),
        Said(
            "metrics-state pending_ops: 0, op_log_file_size: 350, op_log_count: 14,replication_time_moving_avg: NaN\n\n"
        ),
        Said("metrics-state \n"),
        Said(error="Not available"),
        Said(),
    ],
)
async def test_metrics_of_another_version_are_a_failure_of_the_protocol(nodes: Nodes, said: Said) -> None:
    """The reply to metrics-state is one that no known version gives: nundb_up is judged by it alone."""
    page = await after_a_good_scrape(nodes, answering(script(metrics_state=said)))
    assert page.samples["nundb_up",] == 0
    assert page.reasons == ["protocol"]
    assert page.samples["nundb_database_info", "shop", "none"] == 1
    assert page.samples["nundb_node_role", "primary"] == 1
    assert "nundb_oplog_size_bytes" not in page.node_families


@pytest.mark.parametrize(
    ("command", "said", "families"),
    [
        pytest.param("oplog-state", "oplog-state pending_opps: 3\n", 1, id="2021-10"),
        pytest.param(
            "oplog-state", "oplog-state pending_ops: 3, op_log_file_size: 50, op_log_count: 2\n", 3, id="2021-11"
        ),
        pytest.param(
            "metrics-state",
            "oplog-state pending_ops: 3, op_log_file_size: 50, op_log_count: 2,"
            "replication_time_moving_avg: 0.0, get_query_time_moving_avg: 7e-5\n\n",
            5,
            id="2021-12",
        ),
    ],
)
async def test_an_old_node_is_up_and_gives_what_it_knows(nodes: Nodes, command: str, said: str, families: int) -> None:
    """Every version since 2021-10 parses; what it does not know is absent and no failure."""
    known = {"auth nun nun-pwd": Said("valid auth\n"), command: Said(said)}
    async with nodes(answering(known)) as node:
        page = await scrape(target(node.url, tls=nodes.tls))
    assert page.is_up
    assert page.samples["nundb_replication_pending_operations",] == 3
    assert len({name for name in page.node_families if name.startswith("nun_db_")}) == families
    assert not page.failed_collectors


MEMBERS = {"nundb_cluster_member_info", "nundb_cluster_member_connected", "nundb_node_role"}
OWED = {"nundb_replication_unacknowledged_operations", "nundb_replication_overdue_operations"}
CONNECTIONS = {"nundb_database_connections"}
CONFLICTS = {"nundb_database_conflicts"}


@pytest.mark.parametrize(
    ("broken", "said", "collectors", "lost"),
    [
        ("cluster-state", Said("cluster-state broken\n"), {"cluster", "pending"}, MEMBERS | OWED),
        ("cluster-state", Said("something else\n"), {"cluster", "pending"}, MEMBERS | OWED),
        ("cluster-state", Said(error="Not now"), {"cluster", "pending"}, MEMBERS | OWED),
        ("debug process-info", Said("process-info \nbroken\n"), {"process"}, {"nundb_process_start_time_seconds"}),
        ("debug list-dbs", Said("dbs-list \nbroken\n"), {"databases"}, {"nundb_databases", "nundb_database_info"}),
        ("get-safe $connections", Said("value-version many\n"), {"connections"}, CONNECTIONS),
        ("keys $conflicts_*", Said(error="permission denied"), {"conflicts"}, CONFLICTS),
        ("use-db shop shop-token", Said(error="Invalid token"), {"connections", "conflicts"}, CONNECTIONS | CONFLICTS),
    ],
)
async def test_one_broken_reply_costs_its_own_collectors_alone(
    nodes: Nodes, broken: str, said: Said, collectors: set[str], lost: set[str]
) -> None:
    """The rest of the page is complete, and the node is up."""
    async with nodes(answering()) as node, serving(target(node.url, "shop", tls=nodes.tls)) as url:
        before = await fetch(f"{url}/metrics")
        node.behaviour = answering({**GOOD, broken: said})
        await node.restart()
        page = await fetch(f"{url}/metrics")
    assert page.is_up
    assert page.failed_collectors == collectors
    assert before.node_families - page.node_families == lost


async def test_a_conflict_that_cannot_be_read_costs_the_conflicts_alone(nodes: Nodes, clock: Clock) -> None:
    """The value of a conflict record never comes; the database's connections are counted all the same."""
    replies = {**GOOD, "keys $conflicts_*": Said(f"keys ,{CONFLICT}\n")}
    async with (
        nodes(hanging_at(f"get {CONFLICT}", replies)) as node,
        serving(target(node.url, "shop", tls=nodes.tls)) as url,
    ):
        page = await meet_deadline(url, node, clock)
    assert page.is_up
    assert "conflicts" in page.failed_collectors
    assert page.samples["nundb_database_connections", "shop"] == 2
    assert "nundb_database_conflicts" not in page.node_families


async def test_conflicts_with_hostile_names_are_counted_and_never_asked_about(nodes: Nodes) -> None:
    """A key's name that holds `;` would run as a command with our rights; it counts as unresolved."""
    hostile = f"$conflicts_x;debug force-election;{OPERATION}"
    names = (CONFLICT, f"$conflicts_b_{OPERATION}", hostile)
    replies = {
        **GOOD,
        "keys $conflicts_*": Said(f"keys ,{','.join(names)}\n"),
        f"get {names[0]}": Said(f"value resolve {OPERATION} shop 1 a one two\n"),
        f"get {names[1]}": Said("value resolved two; metrics-state pending_ops: 99\n"),
    }
    async with nodes(answering(replies)) as node:
        page = await scrape(target(node.url, "shop", tls=nodes.tls))
        assert not any("election" in command for command in node.commands)
    assert not page.failed_collectors
    assert page.samples["nundb_database_conflicts", "shop", "unresolved"] == 2
    assert page.samples["nundb_database_conflicts", "shop", "resolved"] == 1


async def test_more_databases_than_sessions_that_all_hang_cost_nothing_but_their_own(
    nodes: Nodes, clock: Clock
) -> None:
    """Those whose turn never came are told like those that never answered, and no question is left lying about."""
    names = tuple(f"shop{number}" for number in range(8))
    opened = {f"use-db {name} {name}-token": Said() for name in names}

    async with (
        nodes(hanging_at("use-db", GOOD)) as node,
        serving(target(node.url, *names, tls=nodes.tls)) as url,
    ):
        page = await meet_deadline(url, node, clock)
        assert page.is_up
        assert page.failed_collectors == {"connections", "conflicts"}
        node.behaviour = answering({**GOOD, **opened})
        page = await fetch(f"{url}/metrics")
    assert not page.failed_collectors
    assert page.samples["nundb_database_connections", "shop7"] == 2


async def test_a_node_that_hangs_at_the_pending_list_stays_up(nodes: Nodes, clock: Clock) -> None:
    """The pending list never comes: its collector fails, and the rest is there."""
    replies = script(metrics_state=PENDING)
    async with nodes(hanging_at("debug pending-ops", replies)) as node, serving(target(node.url, tls=nodes.tls)) as url:
        page = await meet_deadline(url, node, clock)
    assert page.is_up
    assert page.failed_collectors == {"pending"}
    assert page.samples["nundb_replication_pending_operations",] == 2
    assert page.samples["nundb_cluster_member_connected", "10.0.0.2:3014"] == 1
