"""A small HTTP port on which faults are switched and nodes are dealt with, while a devserver runs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

from nundb_devserver.cluster.cluster import Cluster
from nundb_devserver.cluster.faults import FAULTS
from nundb_devserver.errors import FaultError, NotReadyError, UnknownError
from nundb_devserver.framing.http import BadRequestError, Head, Requests
from nundb_devserver.node import Node

HELP: Final = """\
GET    /faults                      every fault, where it is on, and what it is
POST   /faults/hung-replica?node=2  switch one on; without a node, at its default one
DELETE /faults/hung-replica         cure it, everywhere or at one node
GET    /nodes                       every node, its addresses and its role
POST   /nodes/2/restart             also stop (as SIGINT), kill (as SIGKILL) and start
"""

_MAX_BODY_BYTES: Final = 1024
"""Bodies mean nothing here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a text."""

    status: int
    text: str


class Control:
    """The port: one request a connection, and none from a page in a browser."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._server: asyncio.Server | None = None
        self._actions: Mapping[str, Callable[[int], Awaitable[None]]] = {
            "restart": cluster.restart,
            "stop": cluster.stop,
            "kill": cluster.kill,
            "start": cluster.start,
        }

    async def listen(self, host: str, port: int) -> None:
        """Open the port.

        Raises:
            OSError: it is taken.
        """
        self._server = await asyncio.start_server(self._serve, host, port)

    def close(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.close()

    async def answer(self, head: Head) -> Answer:
        """Do what a request asks."""
        if "origin" in head.headers:
            return Answer(403, "not for web pages\n")
        url = urlsplit(head.target)
        node_text = parse_qs(url.query).get("node", [""])[0]
        if node_text and not node_text.isdigit():
            return Answer(400, f"{node_text} is not the number of a node\n")
        node = int(node_text) if node_text else None
        try:
            return await self._route(head.method, url.path.strip("/").split("/"), node)
        except UnknownError as error:
            return Answer(404, f"{error}\n")
        except (FaultError, NotReadyError, OSError) as error:
            return Answer(409, f"{type(error).__name__}: {error}\n")

    async def _route(self, method: str, path: list[str], node: int | None) -> Answer:
        match method, path:
            case "GET", ["faults" | "nodes" as what]:
                return Answer(200, "".join(self._fault_lines() if what == "faults" else self._node_lines()))
            case "POST", ["faults", name]:
                return Answer(200, f"{name} is on at node {await self._cluster.fault(name, node)}\n")
            case "DELETE", ["faults", name]:
                cured = ", ".join(map(str, await self._cluster.cure(name, node)))
                return Answer(200, f"{name} is cured at node {cured}\n" if cured else f"{name} was not on\n")
            case "POST", ["nodes", index, verb] if index.isdigit() and verb in self._actions:
                await self._actions[verb](self._cluster.checked(int(index)))
                return Answer(200, _node_line(int(index), self._cluster.nodes[int(index)]))
            case _, ["faults" | "nodes", *_]:
                return Answer(405, "GET, POST or DELETE, as /help tells\n")
            case _:
                return Answer(200 if path == ["help"] else 404, HELP)

    def _fault_lines(self) -> Iterator[str]:
        for name, fault in FAULTS.items():
            places = ",".join(str(index) for other, index in self._cluster.faults if other == name)
            yield f"{name:22}{places or '-':8}{fault.description}\n"

    def _node_lines(self) -> Iterator[str]:
        return map(_node_line, range(len(self._cluster.nodes)), self._cluster.nodes)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests = Requests(_MAX_BODY_BYTES)
        try:
            request = requests.next()
            while request is None:
                data = await reader.read(65_536)
                if not data:
                    return
                requests.receive_data(data)
                request = requests.next()
            writer.write(_response(await self.answer(request.head)))
        except BadRequestError:
            writer.write(_response(Answer(400, "this is not HTTP\n")))
        finally:
            writer.close()


def _node_line(index: int, node: Node) -> str:
    role = "not running" if node.role is None else node.role.value
    return f"{index}  {node.http_url}  {node.ws_url}  {node.name}  {role}\n"


def _response(answer: Answer) -> bytes:
    body = answer.text.encode()
    head = (
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
