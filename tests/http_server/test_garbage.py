"""Whatever bytes a client sends: an answer that is meant or a closed connection; no traceback, and nothing left."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.http_server import Limits
from tests.cuts import cut, sizes
from tests.wire.waiting import until

from .serving import serving, statuses
from .test_parser import ANYTHING, damaged

MEANT = {200, 400, 404, 405, 408, 413, 417, 431, 501, 505}
HURRIED = Limits(
    request_seconds=0.1, idle_seconds=0.1, linger_seconds=0.1, head_bytes=300, headers=5, body_bytes=50, connections=100
)


async def talk(wires: list[tuple[bytes, list[int]]]) -> list[list[int]]:
    """Send each on a connection of its own, and return the statuses that came back; nothing may be left then."""
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    async with serving(limits=HURRIED) as served:
        answers = await asyncio.gather(*(served.tell(*cut(wire, lengths)) for wire, lengths in wires))
        for client in served.clients:
            await client.end()
        await until(lambda: not served.server._places.all)
    assert not errors
    return [statuses(answer) for answer in answers]


@given(wires=st.lists(st.tuples(ANYTHING | damaged(), sizes), min_size=1, max_size=20))
def test_noise_is_answered_as_noise_and_leaves_nothing_behind(wires: list[tuple[bytes, list[int]]]) -> None:
    """Several clients at the same time send damaged requests, pieces of requests in any order, and random bytes."""
    for found in asyncio.run(talk(wires)):
        assert set(found) <= MEANT
