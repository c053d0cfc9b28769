"""The lines to all members of a cluster, and which of them are too young to be judged."""

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from nundb_exporter.canary.line import HangError, Line, LineError
from nundb_exporter.config.settings import CanarySettings, Endpoint, Target, is_host, neighbouring_ports, parse_port
from nundb_exporter.protocol import canary, commands
from nundb_exporter.protocol.fields import Member

_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_YOUNG_ROUNDS: Final = 2
"""The round in which a member is met, and the next: a sync may still be under way."""


class Flock:
    """Lines by the members' names."""

    def __init__(self, target: Target, settings: CanarySettings, key: str) -> None:
        self._target = target
        self._settings = settings
        self._key = key
        self._lines: dict[str, Line] = {}
        self._met: dict[str, int] = {}
        """In which round each was last met, or has joined again."""
        self._primary: str | None = None
        self._number = 0
        self.unreached: set[str] = set()
        """Members that cannot be connected to."""
        self.hanging: set[str] = set()
        """Members that have taken a connection and do not answer."""

    async def gather(self, members: Sequence[Member], primary: str) -> dict[str, Line]:
        """Begin a round: return the lines of all members that answer, opening those that are not open."""
        self._number += 1
        if primary != self._primary:
            self._primary = primary
            self._met = dict.fromkeys((member.name for member in members), self._number)
        names = {member.name for member in members}
        for name in self._lines.keys() - names:
            self._lines.pop(name).close()
        self._met = {name: number for name, number in self._met.items() if name in names}
        for member in members:
            if member.role == "starting_up":
                self._met[member.name] = self._number
        self.hanging, self.unreached = set(), set()
        await asyncio.gather(*(self._reach(member) for member in members))
        return {name: line for name, line in self._lines.items() if line.is_open}

    def is_young(self, name: str) -> bool:
        """Whether the member has joined, or the primary has changed, so lately that its values say nothing."""
        return self._number - self._met.get(name, self._number) < _YOUNG_ROUNDS

    def close(self) -> None:
        """Close all lines."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    async def select(self, line: Line) -> str | None:
        """Select the database and watch the key, unless that is done; return the member's refusal.

        Raises:
            LineError: it does not answer.
        """
        if line.is_selected:
            return None
        access = self._settings.access
        for command in (commands.use_db(access.name, access.token.reveal()), canary.watch(self._key)):
            reply = await line.ask(command)
            if reply.error is not None:
                return reply.error
        line.is_selected = True
        return None

    def line_to_own(self) -> Line:
        """Return a new line to the node itself."""
        return self._line(self.endpoint_of_own())

    def endpoint_of_own(self) -> Endpoint:
        """Return where the node itself listens for WebSocket."""
        endpoint, module = self._target.endpoint, self._target.module
        scheme = "wss" if endpoint.is_secure else "ws"
        if endpoint.scheme == scheme:
            return endpoint
        port = (module.ports or neighbouring_ports(endpoint))["websocket"]
        return Endpoint(scheme, endpoint.host, port)

    async def _reach(self, member: Member) -> None:
        line = self._lines.get(member.name)
        if line is not None and line.is_open:
            return
        self._met[member.name] = self._number
        endpoint = self._endpoint_of(member, self._settings.members)
        if endpoint is None:
            self.unreached.add(member.name)
            return
        line = self._lines[member.name] = self._line(endpoint)
        try:
            await line.open()
        except HangError:
            self.hanging.add(member.name)
        except LineError:  # it may have just ended: then it is soon not listed any more
            self.unreached.add(member.name)

    def _endpoint_of(self, member: Member, known: Mapping[str, Endpoint]) -> Endpoint | None:
        if member.name in known:
            return known[member.name]
        own = self.endpoint_of_own()
        if member.is_self:
            return own
        host, _, digits = member.name.rpartition(":")
        port, bare = parse_port(digits), host.removeprefix("[").removesuffix("]")
        if not port or not is_host(bare):
            return None
        ports = neighbouring_ports(Endpoint("tcp", bare, port))
        return replace(own, host=bare, port=ports["websocket"], path="/")

    def _line(self, endpoint: Endpoint) -> Line:
        return Line(endpoint, self._target.module.tls, self._key, self._settings.deadline_seconds)


def default_name(endpoint: Endpoint) -> str:
    """Return what no other exporter has: an address that leads elsewhere on each machine has the machine's name too."""
    return f"{socket.gethostname()} {endpoint.authority}" if endpoint.host in _LOCAL else endpoint.authority
