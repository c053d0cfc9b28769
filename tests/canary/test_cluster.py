"""What canaries see of an embedded cluster that is well, and of one that breaks."""

import asyncio
from pathlib import Path

import pytest

from nundb_devserver import Cluster
from nundb_exporter.canary.failed import FailedError
from nundb_exporter.canary.words import STILL_VALUE, key_of
from nundb_exporter.config.settings import Endpoint
from nundb_exporter.secret_files import SecretFile
from tests.devserver.asking import ask, pending, until, until_quiet
from tests.wire.idle_time import pass_time

from .seeing import TOKEN, inside, watched


def names(cluster: Cluster, *indexes: int) -> set[str]:
    """Return the members' names."""
    return {cluster.nodes[index].name for index in indexes}


async def test_a_word_reaches_every_member(cluster: Cluster) -> None:
    """Both replicas are measured, hold the word, and have the two words whole."""
    async with watched(cluster) as one:
        await one.rounds(3)
        assert one.shown("success") == {"": 1}
        assert one.shown("paused") == {"": 0}
        assert one.shown("diverged") == dict.fromkeys(names(cluster, 1, 2), 0)
        assert one.shown("damaged") == dict.fromkeys(names(cluster, 1, 2), 0)
        assert one.shown("replication_delay_seconds_count") == dict.fromkeys(names(cluster, 1, 2), 3)
        assert one.shown("operation_duration_seconds_count") == {"set": 3, "get": 3}
        assert one.shown("missed_total") == dict.fromkeys(names(cluster, 1, 2), 0)
    assert f"value {STILL_VALUE}" in await inside(cluster, 2, "get still")


async def test_a_member_that_cannot_be_reached_is_said_to_be_unknown(cluster: Cluster) -> None:
    """Its port is another one than is derived from its name, perhaps; nothing stops for it."""
    wrong = {cluster.nodes[2].name: Endpoint("ws", "127.0.0.1", 1)}
    async with watched(cluster, members=wrong) as one:
        await one.rounds(3)
        assert one.shown("member_watched") == {cluster.nodes[1].name: 1, cluster.nodes[2].name: 0}
        assert one.shown("success") == {"": 1}
        assert one.shown("diverged") == {cluster.nodes[1].name: 0}


async def test_a_member_is_not_judged_before_it_is_known(cluster: Cluster) -> None:
    """In the first round nobody is."""
    async with watched(cluster) as one:
        await one.rounds(1)
        assert one.shown("success") == {"": 1}
        assert one.shown("diverged") == {}


async def test_new_keys_are_saved_once_and_for_all_members(cluster: Cluster) -> None:
    """An unsaved database may end a member at each start: one snapshot goes out, and no other."""
    async with watched(cluster) as one:
        await one.rounds(5)
        await until_quiet(cluster)
    listings = [await ask(node, "debug list-dbs") for node in cluster.nodes]
    assert all("canary : none" in listing for listing in listings)
    for node in cluster.nodes:
        assert node.process is not None
        assert node.process.state._queued_snapshots == [("canary", False)]


async def test_two_canaries_do_not_disturb_each_other(cluster: Cluster) -> None:
    """Beside different nodes, at the same time, each with a key of its own."""
    async with watched(cluster, 0) as one, watched(cluster, 1) as other:
        for _ in range(4):
            await asyncio.gather(one.rounds(), other.rounds())
        for each in (one, other):
            assert each.shown("success") == {"": 1}
            assert set(each.shown("diverged").values()) == {0}
            assert set(each.shown("missed_total").values()) == {0}


async def test_it_stops_while_a_member_hangs_and_goes_on_after(cluster: Cluster) -> None:
    """Nothing piles up on the primary meanwhile."""
    async with watched(cluster) as one:
        await one.rounds(3)
        await until_quiet(cluster)
        cluster.nodes[2].hang()
        await one.rounds(3)
        assert one.shown("paused") == {"": 1}
        assert one.shown("success") == {}
        assert one.shown("diverged") == {}
        assert one.shown("member_watched") == {cluster.nodes[1].name: 1, cluster.nodes[2].name: 0}
        assert "does not answer" in (one.canary.braked or "")
        assert await pending(cluster.nodes[0]) == 0
        cluster.nodes[2].resume()
        await one.rounds(4)
        assert one.shown("paused") == {"": 0}
        assert one.shown("success") == {"": 1}
        assert one.shown("diverged") == dict.fromkeys(names(cluster, 1, 2), 0)


async def test_it_stops_while_a_member_acknowledges_nothing(cluster: Cluster) -> None:
    """It answers as before: only its values, and what the primary keeps for it, tell."""
    async with watched(cluster) as one:
        await one.rounds(3)
        await until_quiet(cluster)
        await cluster.fault("hung-replica", 2)
        await one.rounds(4)
        assert one.shown("paused") == {"": 1}
        assert await pending(cluster.nodes[0]) == 1
        await cluster.cure("hung-replica", 2)
        await until_quiet(cluster)
        await one.rounds(2)
        assert one.shown("paused") == {"": 0}


async def test_a_member_that_the_primary_has_forgotten_has_diverged(cluster: Cluster) -> None:
    """It still lists the primary, and gets nothing: its own exporter's canary shows it."""
    async with watched(cluster, 2) as one:
        await one.rounds(3)
        await ask(cluster.nodes[0], f"replicate-leave {cluster.nodes[2].name}")
        await one.rounds(3)
        assert one.shown("diverged") == {cluster.nodes[1].name: 0, cluster.nodes[2].name: 1}
        assert one.shown("missed_total")[cluster.nodes[2].name] >= 2


async def test_a_member_that_lacks_the_key_has_diverged(cluster: Cluster) -> None:
    """What stands for no value is no later word of another exporter."""
    async with watched(cluster, 2) as one:
        await one.rounds(3)
        await ask(cluster.nodes[0], f"replicate-leave {cluster.nodes[2].name}")
        await inside(cluster, 2, f"remove {key_of('n2')}")
        await one.rounds(3)
        assert one.shown("diverged") == {cluster.nodes[1].name: 0, cluster.nodes[2].name: 1}


async def test_what_a_faulty_sync_has_lost_shows_after_the_member_is_known(cluster: Cluster) -> None:
    """The word heals with the next one; the two words do not."""
    async with watched(cluster) as one:
        await one.rounds(3)
        await until_quiet(cluster)
        await cluster.fault("sync-damage", 2)
        await one.rounds(1)
        assert cluster.nodes[2].name not in one.shown("damaged")
        await one.rounds(3)
        assert one.shown("damaged") == {cluster.nodes[1].name: 0, cluster.nodes[2].name: 1}
        assert one.shown("diverged") == dict.fromkeys(names(cluster, 1, 2), 0)


async def test_it_follows_another_primary(cluster: Cluster) -> None:
    """After the primary has died, it writes on the next one."""
    async with watched(cluster, 1) as one:
        await one.rounds(3)
        await until_quiet(cluster)
        await cluster.kill(0)
        await until(lambda: _lists_a_primary(cluster))
        await one.rounds(3)
        assert one.shown("success") == {"": 1}


async def _lists_a_primary(cluster: Cluster) -> bool:
    return all(
        ["127.0.0.1" in (told := await ask(node, "cluster-state")) and ":Primary" in told for node in cluster.nodes[1:]]
    )


async def test_a_database_with_foreign_keys_is_refused_unless_it_is_allowed(cluster: Cluster) -> None:
    """A mistaken name must not write among somebody's data."""
    await ask(cluster.nodes[0], f"create-db canary {TOKEN} newer;use-db canary {TOKEN};set basket full")
    async with watched(cluster) as one:
        with pytest.raises(FailedError, match=r"holds keys that are not the canary's \(basket\): give it a database"):
            await one.canary.round()
        assert one.failure == "foreign_keys"
        assert one.shown("success") == {"": 0}
        assert key_of("n0") not in await inside(cluster, 0, "keys")
    async with watched(cluster, allows_foreign_keys=True) as one:
        await one.rounds(1)
        assert one.failure is None


async def test_a_refused_token_is_told_without_the_token(cluster: Cluster) -> None:
    """It is a secret."""
    await ask(cluster.nodes[0], "create-db canary another newer")
    async with watched(cluster) as one:
        with pytest.raises(FailedError, match="database canary: the token is refused") as caught:
            await one.canary.round()
        assert TOKEN not in str(caught.value)
        assert one.failure == "refused"


async def test_a_password_that_was_wrong_is_tried_again(cluster: Cluster, tmp_path: Path) -> None:
    """Each round says that it is refused, and the first one with the right password writes."""
    path = tmp_path / "password"
    path.write_text("wrong")
    async with watched(cluster, password=SecretFile("NUN_PWD_FILE", str(path))) as one:
        for _ in range(2):
            await one.rounds()
            assert one.failure == "refused"
            await pass_time(1.0)  # as between two rounds
        path.write_text(cluster.nodes[0].options.password)
        await one.rounds()
        assert one.failure is None


async def test_without_a_primary_nothing_is_written(cluster: Cluster) -> None:
    """And the reason says so."""
    async with watched(cluster, 1) as one:
        await one.rounds(2)
        await cluster.fault("no-primary", 0)
        await one.rounds(1)
        assert one.failure in {"no_primary", "unreachable"}


async def test_a_node_that_is_down_fails_the_round(cluster: Cluster) -> None:
    """In words that name it."""
    await cluster.kill(2)
    async with watched(cluster, 2) as one:
        with pytest.raises(FailedError, match="connection refused"):
            await one.canary.round()
        assert one.failure == "unreachable"


async def test_remove_leaves_nothing_of_any_canary(cluster: Cluster) -> None:
    """On no member; keys of others stay."""
    async with watched(cluster, 0, allows_foreign_keys=True) as one, watched(cluster, 1) as other:
        await one.rounds(2)
        await other.rounds(2)
        await inside(cluster, 0, "set basket full")
        await until_quiet(cluster)
        removed = await one.canary.remove()
        assert set(removed or ()) == {"still", key_of("n0"), key_of("n1")}
        await until_quiet(cluster)
    for at in range(3):
        keys = await inside(cluster, at, "keys")
        assert "still" not in keys
        assert "beat_" not in keys
        assert "basket" in keys


async def test_remove_without_a_database_removes_nothing(cluster: Cluster) -> None:
    """And creates none."""
    async with watched(cluster) as one:
        assert await one.canary.remove() is None
    assert "canary" not in await ask(cluster.nodes[0], "debug list-dbs")
