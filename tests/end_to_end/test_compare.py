"""`compare`: what it finds between nodes whose values differ, what it leaves out, and that it shows no value."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from nundb_devserver import Cluster, Node, NodeOptions, connected
from tests.wire.behaviours import answering, silent
from tests.wire.clients import ask
from tests.wire.program import Ended, run
from tests.wire.replies import PASSWORD, USER
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import eventually

SECRET: Final = "hunter2-of-the-database"
NAMES: Final = [f"key{number}" for number in range(250)]
ADMIN: Final = f"auth {USER} {PASSWORD}"
OPEN: Final = "use-db shop shop-token"


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    """Return three nodes that hold the same 250 keys of the database `shop`."""
    async with Cluster(3, port_base=None, options=NodeOptions(user=USER, password=PASSWORD)) as made:
        primary = made.nodes[0]
        await tell(primary, ADMIN, "create-db shop shop-token newer")
        await tell(primary, OPEN, *(f"set {name} {SECRET} {name}" for name in NAMES))
        await settled(made)
        yield made


async def tell(node: Node, *commands: str) -> str:
    """Run commands on a node."""
    return await ask(node.options.http_port, *commands)


async def settled(cluster: Cluster) -> None:
    """Wait until every operation is acknowledged."""
    await eventually(lambda: tell(cluster.nodes[0], ADMIN, "metrics-state"), lambda answer: "pending_ops: 0," in answer)


@pytest.fixture
def configured(secret_file: Callable[[str, str], str]) -> str:
    """Return a configuration file with the database's token."""
    token = secret_file("token", "shop-token")
    text = f"modules: {{default: {{databases: [{{name: shop, token_file: {token}}}]}}}}"
    return secret_file("config.yml", text)


async def compared(configured: str, *urls: str, also: tuple[str, ...] = ()) -> Ended:
    """Compare, and return the report."""
    ended = await run("compare", "--config.file", configured, "--rate", "100000", *also, *urls)
    assert SECRET not in ended.stdout + ended.stderr
    assert "shop-token" not in ended.stdout + ended.stderr
    return ended


async def compared_as_json(configured: str, *urls: str) -> tuple[int, dict[str, Any]]:
    """Compare, and return the exit code and the report."""
    ended = await compared(configured, *urls, also=("--json",))
    return ended.code, json.loads(ended.stdout)


def urls_of(cluster: Cluster) -> list[str]:
    """Return the nodes' URLs."""
    return [node.http_url for node in cluster.nodes]


async def test_equal_nodes_are_equal(cluster: Cluster, configured: str) -> None:
    """Exit 0; each node's own count of connections is no difference."""
    text, (code, data) = await asyncio.gather(
        compared(configured, *urls_of(cluster)), compared_as_json(configured, *urls_of(cluster))
    )
    assert text.code == code == 0
    assert "shop  250 of 250 keys compared on 3 nodes, 0 keys differ" in text.stdout
    assert "✓ no difference between 3 nodes" in text.stdout
    assert data["equal"] is data["complete"] is True
    assert data["databases"][0]["compared"] == 250


async def test_what_differs_is_told_by_hash_and_by_kind(cluster: Cluster, configured: str) -> None:
    """Keys that are missing, values without their first word, others; not the values, and the keys only if asked."""
    _, replica, other = cluster.nodes
    await tell(replica, OPEN, "remove key1")  # only the primary tells others of a removal
    await tell(replica, ADMIN, "replicate shop key2 -1 another")
    await tell(other, ADMIN, "replicate shop key3 -1 key3", "replicate shop key4 -1 something else")
    urls = urls_of(cluster)
    text, named, (code, data) = await asyncio.gather(
        compared(configured, *urls),
        compared(configured, *urls, also=("--show-keys",)),
        compared_as_json(configured, *urls),
    )
    assert text.code == named.code == code == 1
    assert "250 of 250 keys compared on 3 nodes, 4 keys differ" in text.stdout
    assert f"{urls[1]}: 1 key missing, 1 other value" in text.stdout
    assert f"{urls[2]}: 1 value without its first word, 1 other value" in text.stdout
    assert hashlib.sha256(b"key3").hexdigest()[:16] in text.stdout
    assert "key3" not in text.stdout
    for words in (["key1", "a", "missing", "a"], ["key3", "a", "a", "b,", "no", "first", "word"]):
        assert words in [line.split() for line in named.stdout.splitlines()]
    (database,) = data["databases"]
    assert len(database["differences"]) == 4
    assert database["tally"][urls[2]] == {"missing": 0, "without_first_word": 1, "other": 1}


async def test_a_replica_that_was_sent_damaged_values_is_found(cluster: Cluster, configured: str) -> None:
    """A join with an empty directory loses the first word of each, and one of one word whole."""
    primary, _, replica = cluster.nodes
    await tell(primary, OPEN, "set single word")
    await settled(cluster)
    await cluster.kill(2)
    await cluster.forgotten(2)
    replica.wipe()
    await cluster.start(2)
    await cluster.ready()
    await settled(cluster)
    code, data = await compared_as_json(configured, *urls_of(cluster))
    assert code == 1
    assert data["databases"][0]["tally"][replica.http_url]["without_first_word"] == 251


async def test_the_other_members_are_found_from_one(cluster: Cluster, configured: str) -> None:
    """Over TCP, by the addresses that nodes know each other by."""
    code, data = await compared_as_json(configured, cluster.nodes[1].http_url)
    assert code == 0
    assert {node["url"] for node in data["nodes"]} == {
        cluster.nodes[1].http_url,
        *(f"tcp://{cluster.nodes[number].name}" for number in (0, 2)),
    }
    assert [node["primary"] for node in data["nodes"]].count(True) == 1


@pytest.mark.slow
async def test_limits_leave_out_and_say_so(cluster: Cluster, configured: str) -> None:
    """A choice of keys, a pattern, and no time at all: what was not compared is no equality."""
    urls = urls_of(cluster)
    few, some, none = await asyncio.gather(
        compared(configured, *urls, also=("--max-keys", "50")),
        compared(configured, *urls, also=("--keys", "key2*")),
        compared(configured, *urls, also=("--max-time", "0")),
    )
    assert few.code == 2
    assert "50 of 250 keys compared" in few.stdout
    assert "not compared: 200 keys beyond the limit of 50" in few.stdout
    assert some.code == 0
    assert "61 of 61 keys compared" in some.stdout
    assert none.code == 2
    assert "0 of 250 keys compared" in none.stdout
    assert "250 keys when 0 ms had passed" in none.stdout


@pytest.mark.slow
async def test_values_of_any_size_are_compared(cluster: Cluster, configured: str) -> None:
    """Portions of keys become small where values are large: no answer exceeds what is held."""
    large = "x" * 400_000
    await asyncio.gather(*(tell(cluster.nodes[0], OPEN, f"set key{number} {large}") for number in range(45)))
    await settled(cluster)
    text = await compared(configured, *urls_of(cluster))
    assert text.code == 0
    assert "250 of 250 keys compared" in text.stdout


async def test_names_that_would_be_commands_are_not_asked(cluster: Cluster, configured: str) -> None:
    """A client can name a key `;…`: it is counted, and not sent."""
    async with connected(cluster.nodes[0].tcp_address, OPEN) as client:  # over TCP `;` is a letter as any other
        await client.ask("set x;debug force-election v")
    await settled(cluster)
    text = await compared(configured, *urls_of(cluster))
    assert text.code == 0
    assert "not readable by their names, or gone meanwhile: 1 key" in text.stdout


async def test_a_database_that_a_node_lacks_is_a_difference(cluster: Cluster, configured: str) -> None:
    """Exit 1, and the others are compared all the same."""
    async with Node(NodeOptions(user=USER, password=PASSWORD)) as stranger:
        await eventually(lambda: tell(stranger, ADMIN, "cluster-state"), lambda answer: "Primary" in answer)
        text = await compared(configured, *urls_of(cluster), stranger.http_url)
    assert text.code == 1
    assert f"{stranger.http_url} does not have the database" in text.stdout
    assert "250 of 250 keys compared on 3 nodes" in text.stdout


async def test_a_node_that_hangs_is_not_compared(cluster: Cluster, configured: str) -> None:
    """The others are, and the exit code says that something is not known."""
    cluster.nodes[2].hang()
    text = await compared(configured, *urls_of(cluster), also=("--timeout", "2"))
    cluster.nodes[2].resume()
    assert text.code == 2
    assert f"{cluster.nodes[2].http_url} is not compared" in text.stdout
    assert "250 of 250 keys compared on 2 nodes" in text.stdout


async def test_keys_that_are_written_all_the_time_are_not_judged(cluster: Cluster, configured: str) -> None:
    """Two looks never fall between the same two writes: such a key is counted as one that changes, or found equal."""

    async def write() -> None:
        number = 0
        while True:
            number += 1
            await tell(cluster.nodes[0], OPEN, f"set key0 {SECRET} {number}")

    task = asyncio.create_task(write())
    code, data = await compared_as_json(configured, *urls_of(cluster))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert code == 0
    assert data["databases"][0]["changing"] in (0, 1)


async def test_nodes_of_several_clusters_are_not_compared(tmp_path: Path) -> None:
    """The databases of one are missing in the other, and nothing is wrong with that."""
    (tmp_path / "t").write_text("token")
    module = "{{user: nun, password_file: t, databases: [{{name: {}, token_file: t}}]}}"
    nodes = "[{url: http://127.0.0.1:1, module: shop}, {url: http://127.0.0.1:2, module: desk}]"
    file = tmp_path / "nundb.yml"
    file.write_text(
        f"modules: {{shop: {module.format('carts')}, desk: {module.format('tickets')}}}\ntargets: {{nodes: {nodes}}}"
    )
    ended = await run("compare", "--config.file", str(file))
    assert ended.code == 2
    assert "as those of several clusters are; give the URLs of the nodes of one" in ended.stderr


async def test_what_cannot_be_compared_is_one_line(configured: str) -> None:
    """No token, an unknown database, the same node twice, nodes that are silent."""
    async with ScriptedNode(answering()) as first:
        no_token = await run("compare", first.url)
        unknown = await run("compare", "--config.file", configured, "--database", "shopp", first.url)
        twice = await run(
            "compare", "--config.file", configured, first.url, first.url.replace("127.0.0.1", "localhost")
        )
    for ended, words in (
        (no_token, "no database has a token"),
        (unknown, "shopp is not in the configuration file"),
        (twice, "is the same node as"),
    ):
        assert ended.code == 2
        assert words in ended.stderr
        assert not ended.stdout
        assert len(ended.stderr.splitlines()) == 1
    async with ScriptedNode(silent) as one, ScriptedNode(silent) as two:
        ended = await run("compare", "--config.file", configured, "--timeout", "0.5", one.url, two.url)
    assert ended.code == 2
    assert "Nothing was compared" in ended.stdout
