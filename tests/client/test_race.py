"""Several addresses of one name: the first that answers is taken, and no socket is lost."""

import asyncio
import gc
import socket

import pytest

from nundb_exporter.client.lookup import Address
from nundb_exporter.client.race import NO_ANSWER, connect

from .network import address, descriptors, living, refusing, silent

PATIENCE_SECONDS = 20.0


async def test_a_silent_address_does_not_hide_a_living_one() -> None:
    """The second address is tried a moment after the first, and the first is given up."""
    with silent() as dead, living() as alive:
        tried: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_SECONDS):
            connected, _ = await connect([dead, alive], tried)
        with connected:
            assert connected.getpeername() == alive.sockaddr
    assert tried == {"127.0.0.2": NO_ANSWER, "127.0.0.1": NO_ANSWER}


async def test_the_first_address_is_taken_where_it_answers() -> None:
    """No other is even tried."""
    with living() as first, living("127.0.0.2") as second:
        tried: dict[str, str] = {}
        connected, found = await connect([first, second], tried)
        with connected:
            assert connected.getpeername() == first.sockaddr
            assert found == first
    assert list(tried) == ["127.0.0.1"]


async def test_an_address_that_refuses_is_followed_by_the_next_at_once() -> None:
    """What became of each is told."""
    with refusing() as closed, living("127.0.0.2") as alive:
        tried: dict[str, str] = {}
        connected, found = await connect([closed, alive], tried)
        with connected:
            assert connected.getpeername() == alive.sockaddr
            assert found == alive
    assert tried["127.0.0.1"] == "connection refused"


async def test_all_addresses_may_fail() -> None:
    """Each error is told."""
    with refusing() as one, refusing("127.0.0.2") as other:
        tried: dict[str, str] = {}
        with pytest.raises(OSError, match="no address can be reached"):
            await connect([one, other], tried)
    assert tried == {"127.0.0.1": "connection refused", "127.0.0.2": "connection refused"}


async def test_a_late_address_is_waited_for_where_all_others_have_failed() -> None:
    """The first address is slow, the second refuses: the first is still taken when it answers."""
    with silent() as slow, refusing() as closed:
        running = asyncio.create_task(connect([slow, closed], {}))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.6):
                await asyncio.shield(running)
        assert not running.done()
        running.cancel()
        await asyncio.wait([running])


async def test_families_take_turns() -> None:
    """A machine without IPv6 loses one moment, not one for each IPv6 address."""
    with living() as alive:
        sixes = [Address(socket.AF_INET6, (f"::1:{number}", 9)) for number in range(4)]
        tried: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE_SECONDS):
            connected, _ = await connect([*sixes, alive], tried)
        with connected:
            assert connected.getpeername() == alive.sockaddr
    assert list(tried) == ["::1:0", "127.0.0.1"]


@pytest.mark.parametrize("steps", range(12))
async def test_no_socket_is_lost_whenever_it_is_cancelled(steps: int) -> None:
    """After any number of turns of the event loop: every socket is closed, or belongs to the caller."""
    with silent() as dead, living() as alive, refusing("127.0.0.3") as closed:
        before = descriptors()
        running = asyncio.create_task(connect([closed, alive, dead], {}))
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        if not running.cancelled():
            running.result()[0].close()
        del running
        gc.collect()
        assert descriptors() == before


def test_an_address_is_told_without_its_port() -> None:
    """The port is the same for all."""
    assert str(address("10.0.0.1", 3013)) == "10.0.0.1"
