"""`check` and `pending`: what a person or a script reads about nodes that are well, down, in arrears or at odds."""

import asyncio
import json
import os
import pty
import re
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from nundb_exporter.cli.check import finding_lines
from nundb_exporter.judge.finding import find
from nundb_exporter.problems import replication
from tests.wire.behaviours import answering, dripping, silent
from tests.wire.ports import refusing
from tests.wire.program import PROGRAM, Ended, environment, run
from tests.wire.replies import Said, script
from tests.wire.scripted import Behaviour, ScriptedNode
from tests.wire.waiting import PATIENCE_SECONDS

CLUSTER: Final = Path(__file__).parent.parent / "transcripts" / "cluster.jsonl"
RECORDED_AT: Final = 1795359488
"""When the recording ended, in seconds since the epoch."""
ADMINISTRATOR: Final = {"NUN_USER": "adm", "NUN_PWD": "sekret"}
ESCAPE: Final = "\x1b["


def recorded(node: int, before: str | None = None) -> dict[str, Said]:
    """Return what a node of the recorded cluster last said to the administrator, before the note that holds `before`.

    Its times are moved as if the recording had ended a hundred seconds ago.
    """
    replies: dict[str, Said] = {}
    for line in CLUSTER.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if before is not None and before in entry.get("note", ""):
            break
        if entry.get("t") == "http" and entry["node"] == node and entry["send"].startswith("auth "):
            commands = entry["send"].split(";")
            # The last slot is the rest: stored values may hold a semicolon.
            slots = _as_of_now(entry["recv"]).split(";", len(commands) - 1)
            replies.update(zip(commands, map(Said, slots), strict=True))
    return replies


def _as_of_now(text: str) -> str:
    shift = int(time.time()) - 100 - RECORDED_AT
    text = re.sub(r"\b\d{19}\b", lambda found: str(int(found[0]) + shift * 10**9), text)
    return re.sub(r"\b\d{13}\b", lambda found: str(int(found[0]) + shift * 1000), text)


@asynccontextmanager
async def cluster(before: str | None, *indexes: int) -> AsyncIterator[list[str]]:
    """Yield the URLs of some nodes of the recorded cluster at one moment."""
    async with AsyncExitStack() as stack:
        nodes = [ScriptedNode(answering(recorded(index, before))) for index in indexes]
        yield [(await stack.enter_async_context(node)).url for node in nodes]


async def test_a_healthy_node_is_reported_with_all_that_it_tells() -> None:
    """Exit 0, and neither colour nor secret where no terminal is."""
    async with ScriptedNode(answering()) as node:
        ended = await run("check", url=node.url)
    assert ended.code == 0
    assert ended.stderr == ""
    assert f"{node.url}  up, primary" in ended.stdout
    for line in ("pending      0 operations", "oplog        14 records, 350 bytes", "shop (none)", "✓ healthy"):
        assert line in ended.stdout
    assert "10.0.0.1:3014 primary (this node)" in ended.stdout
    assert "10.0.0.2:3014 secondary, linked" in ended.stdout
    assert ESCAPE not in ended.stdout


async def test_a_report_is_json_when_asked() -> None:
    """The same, for a script."""
    async with ScriptedNode(answering()) as node:
        ended = await run("check", "--json", url=node.url)
    report = json.loads(ended.stdout)
    assert ended.code == 0
    assert report["healthy"] is True
    assert report["findings"] == []
    (only,) = report["nodes"]
    assert only["url"] == node.url
    assert only["is_up"] is True
    assert only["role"] == "primary"
    assert only["oplog_bytes"] == 350
    assert {each["name"]: each["strategy"] for each in only["databases"]} == {"$admin": "newer", "shop": "none"}
    assert only["started"].startswith("2026-11-")


@pytest.mark.parametrize(
    ("behaviour", "reason", "seconds"),
    [
        (silent, "timeout", "0.5"),
        (dripping, "timeout", "0.5"),
        (answering({}), "auth", "30"),
        (answering(script(metrics_state=Said("metrics-state \n"))), "protocol", "30"),
    ],
)
async def test_a_node_that_is_down_is_told_with_the_reason(behaviour: Behaviour, reason: str, seconds: str) -> None:
    """Exit 1, in text and in JSON."""
    async with ScriptedNode(behaviour) as node:
        text, data = await asyncio.gather(
            run("check", "--timeout", seconds, url=node.url), run("check", "--json", "--timeout", seconds, url=node.url)
        )
    assert text.code == data.code == 1
    assert f"{node.url}  down" in text.stdout
    assert f"  reason       {reason}: " in text.stdout
    assert text.stdout.count("✗") == 1
    report = json.loads(data.stdout)
    assert report["healthy"] is False
    (only,) = report["nodes"]
    assert only["is_up"] is False
    assert only["failure"].startswith(reason)


async def test_a_node_that_is_not_there_is_told() -> None:
    """Exit 1 for both commands; the JSON is JSON all the same."""
    with refusing() as port:
        url = f"http://127.0.0.1:{port}"
        check, pending, data = await asyncio.gather(
            run("check", url=url), run("pending", url=url), run("pending", "--json", url=url)
        )
    assert (check.code, pending.code, data.code) == (1, 1, 1)
    assert "connection refused" in check.stdout
    assert "connection refused. Check that the node is running" in pending.stderr
    assert "connection refused" in json.loads(data.stdout)["error"]


async def test_a_healthy_cluster_is_healthy() -> None:
    """Three nodes that agree."""
    async with cluster("SIGSTOP", 0, 1, 2) as urls:
        ended = await run("check", *urls, url=None, **ADMINISTRATOR)
    assert ended.stdout.count("  up, ") == 3
    assert "✓ healthy" in ended.stdout
    assert ended.code == 0


async def test_a_secondary_in_arrears_is_told_by_name_and_since_when() -> None:
    """Four operations wait for the member that hangs."""
    async with cluster("SIGCONT", 0, 1) as urls:
        ended = await run("check", *urls, url=None, **ADMINISTRATOR)
        pending, data = await asyncio.gather(
            run("pending", url=urls[0], **ADMINISTRATOR), run("pending", "--json", url=urls[0], **ADMINISTRATOR)
        )
    assert ended.code == 1
    assert "127.0.0.1:46024 has not acknowledged 4 operations" in ended.stdout
    assert "owes 4 acknowledgements" in ended.stdout
    assert pending.code == data.code == 1
    head, *rows = pending.stdout.splitlines()
    assert head.split() == ["MEMBER", "DATABASE", "OPERATION", "COUNT", "OLDEST", "KEYS"]
    assert rows[-1] == "4 operations pending."
    assert any(re.match(r"127\.0\.0\.1:46024  shop +update +2 +\d+ min( \d+ s)? +stuck, tricky", row) for row in rows)
    assert "semi;colon" not in pending.stdout
    found = json.loads(data.stdout)
    assert found["pending_operations"] == 4
    assert {(group["operation"], group["count"]) for group in found["groups"]} == {
        ("update", 2),
        ("remove", 1),
        ("increment", 1),
    }
    assert all(100 < group["oldest_seconds"] < 200 for group in found["groups"])


async def test_operations_for_a_member_that_left_are_told() -> None:
    """They wait for ever: nothing but a restart removes them."""
    async with cluster("starts again", 0) as urls:
        ended = await run("check", *urls, url=None, **ADMINISTRATOR)
    assert ended.code == 1
    assert "keeps 3 operations that 127.0.0.1:46024 will never acknowledge: it has left the cluster" in ended.stdout


async def test_nodes_that_disagree_are_told_where() -> None:
    """A view from before a failover beside one from after it: two primaries, and a strategy that a sync has lost."""
    async with cluster("the primary, is killed", 0) as before, cluster(None, 1, 2) as after:
        ended = await run("check", *before, *after, url=None, **ADMINISTRATOR)
        data = await run("check", "--json", *before, *after, url=None, **ADMINISTRATOR)
    assert ended.code == 1
    assert "2 nodes of the cluster are listed as primary: 127.0.0.1:46004" in ended.stdout
    assert f"{after[0]} and {after[1]} do not list 127.0.0.1:46004." in ended.stdout
    assert f"newer on {before[0]} and {after[0]}, none on {after[1]}." in ended.stdout
    assert len(json.loads(data.stdout)["findings"]) == ended.stdout.count("✗")


async def test_one_node_of_a_cluster_that_is_down_hides_no_other() -> None:
    """The report names it, and tells of the others all the same; none waits for another."""
    async with cluster("SIGSTOP", 0) as urls, ScriptedNode(silent) as hung:
        ended = await run("check", "--timeout", "5", *urls, hung.url, url=None, **ADMINISTRATOR)
    assert ended.code == 1
    assert f"{urls[0]}  up, primary" in ended.stdout
    assert f"{hung.url} accepts connections but does not answer" in ended.stdout


def test_a_name_at_the_beginning_of_a_sentence_is_written_as_it_is() -> None:
    """It can be copied: a name and not the first word of a sentence."""
    finding = find(
        replication.NOT_ACKNOWLEDGING, member="nun-db-1:3014", operations="4 operations", node="http://a:3013"
    )
    line, _ = finding_lines(finding)
    assert " nun-db-1:3014 has not acknowledged 4 operations" in line


@pytest.mark.parametrize("scheme", ["http", "tcp", "ws"])
async def test_nothing_pending_ends_with_0(scheme: str) -> None:
    """In words, and in JSON."""
    async with ScriptedNode(answering(), scheme) as node:
        text, data = await asyncio.gather(run("pending", url=node.url), run("pending", "--json", url=node.url))
    assert (text.code, text.stdout) == (0, "Nothing is pending.\n")
    assert json.loads(data.stdout) == {"pending_operations": 0, "groups": []}


async def test_what_pending_cannot_learn_is_told() -> None:
    """A wrong password, a server too old, a list that is none, a node that hangs."""
    old = answering({"auth nun nun-pwd": Said("valid auth\n"), "debug pending-ops": Said()})
    odd = answering(script(debug_pending_ops=Said("pending-ops broken\n")))
    for behaviour, seconds, words in (
        (answering({}), "30", "invalid user or password"),
        (old, "30", "older than 2022-01"),
        (odd, "30", "pending-ops: an entry"),
        (silent, "0.5", "connected, and not answered in time"),
    ):
        async with ScriptedNode(behaviour) as node:
            ended = await run("pending", "--timeout", seconds, url=node.url)
        assert ended.code == 1
        assert words in ended.stderr
        assert not ended.stdout
        assert len(ended.stderr.splitlines()) == 1


async def in_terminal(*arguments: str, url: str, **variables: str) -> Ended:
    """Run the command with a terminal for its output."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        try:
            process = await asyncio.create_subprocess_exec(
                PROGRAM, *arguments, env=environment(url, **variables) | {"TERM": "xterm"}, stdout=theirs, stderr=theirs
            )
        finally:
            os.close(theirs)
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await process.wait()
        return Ended(code, _read_all(screen.fileno()).decode(), "")


def _read_all(descriptor: int) -> bytes:
    said = b""
    while True:
        try:
            block = os.read(descriptor, 65536)
        except OSError:  # Linux's way of saying that the other end is closed
            return said
        if not block:
            return said
        said += block


async def test_a_terminal_gets_colours() -> None:
    """Green for what is well, red for what is not; none for whom asks for none."""
    async with ScriptedNode(answering()) as node:
        well = await in_terminal("check", url=node.url)
        node.behaviour = answering({})
        await node.restart()
        ill = await in_terminal("check", url=node.url)
        plain = await in_terminal("check", url=node.url, NO_COLOR="1")
    assert f"{ESCAPE}32mup" in well.stdout
    assert f"{ESCAPE}31m" in ill.stdout
    assert ESCAPE not in plain.stdout


async def test_a_terminal_with_few_characters_gets_a_report_too() -> None:
    """What its character set lacks is written as an escape."""
    async with ScriptedNode(answering()) as node:
        ended = await run("check", url=node.url, PYTHONIOENCODING="latin-1")
    assert ended.code == 0
    assert r"\u2713 healthy" in ended.stdout


async def test_no_key_commands_a_terminal() -> None:
    """Who may write a key may put an escape sequence into its name; it is shown and not obeyed."""
    key = f"a{ESCAPE}2Jb\x9b31mc"
    entry = (
        f'message: "replicate shop {key} -1 v", opp_id: 1, ack_count: 0, replicate_count: 1, replications: , m:false'
    )
    async with ScriptedNode(answering(script(debug_pending_ops=Said(f"pending-ops {entry}\n")))) as node:
        ended = await in_terminal("pending", url=node.url)
    assert f"{ESCAPE}2J" not in ended.stdout
    assert "\x9b" not in ended.stdout
    assert r"a\x1b[2Jb\x9b31mc" in ended.stdout
