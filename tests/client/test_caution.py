"""A node that breaks at what it is asked is not broken further."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest

from nundb_exporter.client.caution import CautiousTransport
from nundb_exporter.client.status import InternalServerError
from nundb_exporter.config.settings import parse_endpoint
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.protocol.commands import METRICS_STATE, Command
from nundb_exporter.protocol.replies import Reply

NODE = parse_endpoint("NUN_URL", "http://nun-db:3013")
ANSWER = Reply("metrics-state pending_ops: 0")
BROKEN = InternalServerError("HTTP status 500")
HUNG_UP = TargetError(Reason.CONNECT, "nun-db:3014: closed without an answer")


class Transport:
    """Fails while it is told to, and remembers when it was asked."""

    def __init__(self, failure: Exception | None = None, *, greets: bool = True) -> None:
        self.failure = failure
        self.greets = greets
        self.moments: list[float] = []
        self.clock_offset: float | None = None

    async def execute(self, commands: Sequence[Command[object]], deadline: float) -> list[Reply]:  # noqa: ARG002 - the interface
        """Answer, or fail."""
        if not commands:
            if not self.greets:
                raise HUNG_UP
            return []
        self.moments.append(asyncio.get_running_loop().time())
        if self.failure is not None:
            raise self.failure
        return [ANSWER for _ in commands]

    @property
    def asked(self) -> int:
        """How often."""
        return len(self.moments)

    async def close(self) -> None:
        """Do nothing."""


async def ask(transport: CautiousTransport) -> list[Reply]:
    """Ask, with time enough."""
    return await transport.execute((METRICS_STATE,), asyncio.get_running_loop().time() + 10)


async def refused(transport: CautiousTransport) -> str:
    """Ask in vain, and return why."""
    with pytest.raises(TargetError) as caught:
        await ask(transport)
    assert caught.value.reason is Reason.PROTOCOL
    return caught.value.detail


async def test_a_well_node_is_asked_over_http_alone() -> None:
    """TCP is not even connected to."""
    http, tcp = Transport(), Transport()
    transport = CautiousTransport(NODE, http, tcp)
    assert await ask(transport) == await ask(transport) == [ANSWER]
    assert (http.asked, tcp.asked) == (2, 0)


async def test_after_a_status_500_the_node_is_asked_once_over_tcp_and_left_alone() -> None:
    """Each further request over HTTP would end another of its workers."""
    http, tcp = Transport(BROKEN), Transport(HUNG_UP)
    transport = CautiousTransport(NODE, http, tcp)
    told = [await refused(transport) for _ in range(10)]
    assert (http.asked, tcp.asked) == (1, 1)
    assert len(set(told)) == 1
    assert told[0].startswith("nun-db:3013: answer: HTTP status 500, and over TCP it fails too: its data directory")
    assert "not asked again before" in told[0]


@pytest.mark.parametrize(
    ("tcp", "words"),
    [
        (Transport(), "over TCP it answers"),
        (Transport(greets=False), "its TCP port cannot be reached to tell why"),
    ],
)
async def test_what_tcp_tells_is_in_the_failure(tcp: Transport, words: str) -> None:
    """Whether the node is well otherwise, or cannot be asked."""
    assert words in await refused(CautiousTransport(NODE, Transport(BROKEN), tcp))


async def test_after_a_pause_http_is_spared_while_tcp_fails() -> None:
    """Over TCP a failure costs the node nothing but that connection."""
    http, tcp = Transport(BROKEN), Transport(HUNG_UP)
    transport = CautiousTransport(NODE, http, tcp, first_pause=1e-9)
    for _ in range(3):
        await refused(transport)
    assert (http.asked, tcp.asked) == (1, 3)


async def test_a_node_that_is_well_again_is_asked_over_http_again() -> None:
    """As soon as TCP has shown it, and a later failure begins with a short pause again."""
    http, tcp = Transport(BROKEN), Transport(HUNG_UP)
    transport = CautiousTransport(NODE, http, tcp, first_pause=1e-9)
    await refused(transport)
    http.failure = tcp.failure = None
    assert await ask(transport) == await ask(transport) == [ANSWER]
    assert (http.asked, tcp.asked) == (3, 2)


async def test_a_node_that_has_ended_is_not_called_broken() -> None:
    """Its TCP port refuses: HTTP says why it is down now, and a process that is started anew has all its workers."""
    http, tcp = Transport(BROKEN), Transport(HUNG_UP)
    transport = CautiousTransport(NODE, http, tcp)
    await refused(transport)
    tcp.greets = False
    http.failure = TargetError(Reason.CONNECT, "nun-db:3013: connect: connection refused")
    with pytest.raises(TargetError, match="connection refused"):
        await ask(transport)
    http.failure, tcp.greets = None, True
    assert await ask(transport) == [ANSWER]


async def test_pauses_grow() -> None:
    """Twice as long each time: a node that stays broken is asked ever less often."""
    http = Transport(BROKEN)
    transport = CautiousTransport(NODE, http, Transport(greets=False), first_pause=0.01)
    async with asyncio.timeout(20):
        while http.asked < 4:
            await refused(transport)
            await asyncio.sleep(0.001)
    pauses = [later - earlier for earlier, later in pairwise(http.moments)]
    assert all(pause >= 0.01 * 2**number for number, pause in enumerate(pauses))
