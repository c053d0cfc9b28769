"""Whatever is asked, and whatever a node says: a clean page or a refusal, and nobody is dialled who is not allowed.

CPython itself is the witness of what is dialled and looked up: it tells an audit hook of each.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from nundb_exporter.config.allow import AllowList, parse_allowed
from nundb_exporter.config.fleet import Fleet
from nundb_exporter.config.settings import TransportPorts
from tests.http_server.serving import statuses
from tests.wire.behaviours import answering
from tests.wire.exporter import serving_fleet, target
from tests.wire.framing import http
from tests.wire.idle_time import IdleTimeLoop
from tests.wire.replies import GOOD, Said
from tests.wire.scripted import Behaviour, Peer, ScriptedNode
from tests.wire.waiting import PATIENCE_SECONDS

from .test_rogues import HOSTILE

REFUSED: Final = {400, 404, 405, 408, 413, 417, 431, 501, 505}
"""What the server says of requests that it does not take; never 500, which is an error of ours."""
ALLOWED: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""The hosts that the list of the exporter here allows, and what they resolve to, all at the port of the node alone."""


@dataclass
class Witness:
    """What CPython has dialled and looked up, while it watches."""

    hosts: set[str] = field(default_factory=set)
    addresses: set[tuple[str, int]] = field(default_factory=set)
    is_watching: bool = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Be told of an event of CPython."""
        if not self.is_watching:
            return
        if event == "socket.connect":
            self.addresses.add(arguments[1][:2])
        elif event == "socket.getaddrinfo":
            self.hosts.add(arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0]))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch from here to the end."""
        self.hosts.clear()
        self.addresses.clear()
        self.is_watching = True
        try:
            yield
        finally:
            self.is_watching = False


WITNESS: Final = Witness()
sys.addaudithook(WITNESS)  # nothing can take it away again


class Complaints(logging.Handler):
    """Keeps the log's records that have a traceback, and those of level error."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        if record.exc_info or record.levelno >= logging.ERROR or "Traceback" in record.getMessage():
            self.found.append(record.getMessage())


@st.composite
def targets(draw: st.DrawFn) -> str:
    """Targets: allowed, nearly so, not at all, and no target; {port} stands for the node's, {other} for another."""
    host = draw(
        st.sampled_from(
            ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "127.0.0.2", "evil.example", "169.254.169.254"]
        )
        | st.sampled_from(HOSTILE)
        | st.ip_addresses().map(lambda address: f"[{address}]" if address.version == 6 else str(address))
        | st.text(max_size=12)
    )
    scheme = draw(st.sampled_from(["", "http://", "tcp://", "ws://", "https://", "file://", "//", "HTTP://"]))
    user = draw(st.sampled_from(["", "", "", "u:p@", "127.0.0.1@", "@"]))
    port = draw(st.sampled_from([":{port}", ":{port}", ":{other}", "", ":0", ":99999", ":{port}:{other}", ":٣"]))
    rest = draw(st.sampled_from(["", "", "", "/", "/x", "?a", "#", "\\@evil.example", "%00", "\n", ".", " "]))
    return f"{scheme}{user}{host.replace('{', '(').replace('}', ')')}{port}{rest}"


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Queries with some of the parameters, some of them twice, and others; or any text."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.text(st.characters(codec="latin-1", exclude_characters=" \r\n{}"), max_size=40))
    pairs = [("target", draw(targets())) for _ in range(draw(st.sampled_from([1, 1, 1, 1, 0, 2])))]
    values = st.sampled_from(["default", "other", "true", "false", "", "../etc"]) | st.text(max_size=8)
    names = st.sampled_from(["module", "module", "debug", "debug", "x", ""])
    pairs += draw(st.lists(st.tuples(names, values), max_size=2))
    mark = draw(st.sampled_from(["&", "&", "&", ";", "&&"]))
    return mark.join(f"{name}={quote(value, safe='{}')}" for name, value in draw(st.permutations(pairs)))


NAMES: Final = (
    "Accept",
    "Accept-Encoding",
    "X-Prometheus-Scrape-Timeout-Seconds",
    "X-Forwarded-Prefix",
    "X-Forwarded-For",
    "Authorization",
    "Content-Length",
    "Transfer-Encoding",
    "Upgrade",
    "Expect",
)
VALUES: Final = (
    "gzip",
    "application/openmetrics-text;version=1.0.0;q=0.5",
    "text/plain;version=0.0.4;escaping=underscores",
    "*/*;q=0.0001",
    "gzip;q=nan,identity;q=-1",
    "1e309",
    "-5",
    "nan",
    "0.001",
    "chunked",
    "100-continue",
    "//evil.example/",
    "\xff",
)


@st.composite
def requests(draw: st.DrawFn) -> str:
    """Requests as they go over the wire, in Latin-1; the last of its connection."""
    path = draw(st.sampled_from(["/probe", "/probe", "/probe", "/probe", "/sd", "/report", "/", "/metrics"]))
    query = draw(queries())
    values = st.sampled_from(VALUES) | st.text(st.characters(codec="latin-1", exclude_characters="{}"), max_size=12)
    headers = draw(st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=3))
    method = draw(st.sampled_from(["GET", "GET", "GET", "GET", "HEAD", "POST", "PUT"]))
    lines = [f"{method} {path}?{query} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join((*lines, "Connection: close", "", ""))


EVIL: Final = (
    "evil.example:3014(self):Primary, 10.0.0.9:3014(Connected):Secoundary,",  # sic
    "169.254.169.254:80(self):Primary,",
    "</script><script>:3014(self):Primary,",
    'a"\\\n# HELP x:3014(self):Primary,',
    "127.0.0.1:99999(self):Primary, :(self):,,,(((",
)


def _members(text: str) -> Behaviour:
    return answering({**GOOD, "cluster-state": Said(f"cluster-state  {text}\n")})


def _saying(command: str, text: str) -> Behaviour:
    return answering({**GOOD, command: Said(text)})


def _raw(data: bytes) -> Behaviour:
    async def behave(peer: Peer) -> None:
        await peer.reader.read(65536)
        await peer.send(data)

    return behave


async def _hanging(peer: Peer) -> None:
    await peer.hang()


WORDS: Final = st.text(st.characters(codec="utf-8"), max_size=60)
NODES: Final = st.one_of(
    st.just(answering()),
    st.just(_hanging),
    st.sampled_from(EVIL).map(_members),
    WORDS.map(_members),
    st.builds(_saying, st.sampled_from([each for each in GOOD if " nun" not in each]), WORDS),
    st.builds(
        _saying,
        st.sampled_from(["metrics-state"]),
        st.text("metrics-state pending_ops: 0,op_log_file_size.-+einfa\n;", max_size=80),
    ),
    st.binary(max_size=200).map(_raw),
    st.binary(max_size=200).map(lambda body: _raw(http(body))),
    st.sampled_from(
        [
            b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: //169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
            http(b"", "500 Internal Server Error"),
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
        ]
    ).map(_raw),
)


def judge(request: str, answer: bytes) -> None:
    """Fail unless an answer is a clean page or a refusal."""
    found = statuses(answer)
    assert found, (request, answer)
    assert set(found) <= REFUSED | {100, 200}, (request, answer)
    assert b"Traceback" not in answer
    head, _, body = answer.partition(b"\r\n\r\n")
    if found != [200] or request.startswith("HEAD") or b"\r\nContent-Encoding: gzip" in head:
        return  # an answer to a line break in a header may be two
    if b"\r\nContent-Type: application/json" in head:
        json.loads(body)
    elif b"version=0.0.4" in head:
        list(text_string_to_metric_families(body.decode()))


async def tell(host: str, port: int, request: str) -> bytes:
    """Send a request and return all that comes until the exporter closes."""
    reader, writer = await asyncio.open_connection(host, port)
    async with asyncio.timeout(PATIENCE_SECONDS):
        writer.write(request.encode("latin-1", "replace"))
        answer = await reader.read()
    writer.close()
    return answer


async def talk(behaviour: Behaviour, wires: list[str]) -> None:
    """Let an exporter of such a node be asked all of these at once, and judge what comes of it."""
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    try:
        async with ScriptedNode(behaviour) as node, ScriptedNode(answering()) as other:
            ports = TransportPorts(websocket=node.port, http=node.port, tcp=node.port)
            first = target(node.url, ports=ports)
            allow = AllowList(
                tuple(parse_allowed("allow", f"{each}:{node.port}") for each in ("localhost", "127.0.0.1"))
            )
            fleet = Fleet(
                (first,),
                {"default": first.module, "other": target(node.url, "shop", ports=ports).module},
                allow,
                node.port,
            )
            async with serving_fleet(fleet) as url:
                host, _, port = url.removeprefix("http://").rpartition(":")
                requests = [
                    wire.replace("{port}", str(node.port)).replace("{other}", str(other.port)) for wire in wires
                ]
                with WITNESS.watching():
                    answers = await asyncio.gather(*(tell(host, int(port), request) for request in requests))
            assert not other.connections, requests
    finally:
        logging.getLogger().removeHandler(complaints)
    for request, answer in zip(requests, answers, strict=True):
        judge(request, answer)
    assert WITNESS.hosts <= ALLOWED, (requests, WITNESS.hosts)
    dialled = {address for address in WITNESS.addresses if address[1] != int(port)}
    assert all(name in ALLOWED and number == node.port for name, number in dialled), dialled
    assert not errors
    assert not complaints.found


@given(behaviour=NODES, wires=st.lists(requests(), min_size=1, max_size=12))
def test_hostile_requests_and_replies_lead_to_clean_pages_or_refusals(behaviour: Behaviour, wires: list[str]) -> None:
    """Queries, headers, targets and replies at once: no traceback, and only an allowed node is looked up or dialled."""
    with asyncio.Runner(loop_factory=IdleTimeLoop) as runner:
        runner.run(talk(behaviour, wires))
