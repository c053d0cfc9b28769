"""Reads the keys and values of one database on one node; every command only reads."""

import asyncio
from collections.abc import Sequence

from nundb_exporter.client.transport import Transport
from nundb_exporter.credentials import DatabaseAccess
from nundb_exporter.errors import ProtocolError, TooLargeError
from nundb_exporter.protocol.commands import INVALID_TOKEN, NO_DATABASE, Command, get, keys_matching, use_db
from nundb_exporter.protocol.fields import value
from nundb_exporter.protocol.replies import Reply


class NoDatabaseError(ProtocolError):
    """The node does not have the database."""


class Reader:
    """One database of one node. `timeout_seconds` is for each request."""

    def __init__(self, transport: Transport, access: DatabaseAccess, timeout_seconds: float) -> None:
        self._transport = transport
        self._access = access
        self._timeout_seconds = timeout_seconds

    async def keys(self, pattern: str) -> list[str]:
        """Return the names of the keys; one with a comma counts as several.

        Raises:
            NoDatabaseError: the node does not have the database.
            TargetError, ProtocolError: the node does not answer, or not as it should.
        """
        command = keys_matching(pattern)
        (reply,) = await self._ask([command])
        return command.read(_text(reply, "keys"))

    async def values(self, keys: Sequence[str]) -> dict[str, str | None]:
        """Return the value of each key, None where there is none; a value too large to be held is left out.

        Raises:
            NoDatabaseError: the node does not have the database any more.
            TargetError, ProtocolError: the node does not answer, or not as it should.
        """
        try:
            replies = await self._ask([get(key) for key in keys])
        except TooLargeError:
            if len(keys) == 1:
                return {}
            half = len(keys) // 2
            return await self.values(keys[:half]) | await self.values(keys[half:])
        return {key: value(_text(reply, "get")) for key, reply in zip(keys, replies, strict=True)}

    async def _ask(self, commands: Sequence[Command[object]]) -> list[Reply]:
        deadline = asyncio.get_running_loop().time() + self._timeout_seconds
        select = use_db(self._access.name, self._access.token.reveal())
        opened, *replies = await self._transport.execute((select, *commands), deadline)
        if opened.error == NO_DATABASE:
            raise NoDatabaseError("the database has gone")
        if opened.error is not None:
            raise ProtocolError("its token is refused" if opened.error == INVALID_TOKEN else "use-db is refused")
        return replies


def _text(reply: Reply, command: str) -> str:
    if reply.text is None:
        raise ProtocolError(f"{command} is refused")
    return reply.text
