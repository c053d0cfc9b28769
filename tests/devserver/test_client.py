"""The client that faults and the demo's applications use."""

import pytest

from nundb_devserver import Node, RefusedError, connected

ADMIN = "auth nun nun-pwd"
SHOP = "use-db shop st"


async def test_an_answer_is_its_messages(node: Node) -> None:
    """Without their newlines, and without the ok."""
    async with connected(node.tcp_address, SHOP) as client:
        assert await client.ask("set a b c") == []
        assert await client.ask("get a") == ["value b c"]


async def test_an_error_is_raised(node: Node) -> None:
    """With the server's words; the connection can still be used."""
    async with connected(node.tcp_address, SHOP) as client:
        with pytest.raises(RefusedError, match="error unknown command: bogus"):
            await client.ask("bogus")
        assert await client.ask("get a") == ["value <Empty>"]


async def test_several_commands_are_answered_as_the_answers_come(node: Node) -> None:
    """Errors too."""
    async with connected(node.tcp_address, SHOP) as client:
        answer = await client.run("bogus", "set a 1", "get a")
    assert answer == "error unknown command: bogus \nok \nvalue 1\nok \n"


async def test_what_an_arbiter_is_asked_ends_no_answer(node: Node) -> None:
    """It has no newline: the ok, or the error, is on the same line."""
    async with connected(node.tcp_address, ADMIN, "create-db desk t arbiter", "use-db desk t", "arbiter") as client:
        answer = await client.run("set k one", "set k two", "set-safe k 0 stale", "get k")
    conflict = answer.splitlines()[2]
    assert conflict.startswith("resolve ")
    assert "error $$conflitct unresolved" in conflict
    assert answer.endswith("value two\nok \n")


async def test_a_node_that_hangs_up_is_an_error(node: Node) -> None:
    """As a broken connection is."""
    async with connected(node.tcp_address, ADMIN) as client:
        node.kill()
        with pytest.raises(OSError, match=r"closed the connection|reset"):
            await client.ask("get a")


async def test_a_node_that_hangs_is_not_waited_for_long(node: Node) -> None:
    """Neither for an answer nor for the end of the connection."""
    async with connected(node.tcp_address, ADMIN, timeout_seconds=1.0) as client:
        node.hang()
        with pytest.raises(TimeoutError):
            await client.ask("get a")
