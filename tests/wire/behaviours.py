"""What a scripted node does with a connection: answer well, badly, slowly, half, or not at all."""

import asyncio
import contextlib
from collections.abc import Mapping

from .replies import GOOD, Said
from .scripted import Behaviour, Peer


def answering(replies: Mapping[str, Said] = GOOD) -> Behaviour:
    """Answer each command as `replies` tells; one that it does not know, as a server too old for it."""

    async def behave(peer: Peer) -> None:
        await peer.wire.open(peer)
        while True:
            commands = await peer.commands()
            await peer.send(peer.wire.encode([_reply(replies, command) for command in commands]))

    return behave


def _reply(replies: Mapping[str, Said], command: str) -> Said:
    if command.startswith("auth "):
        # Any other user or password is refused with every sign of success (protocol notes 2.1).
        return replies.get(command, Said("invalid auth\n"))
    return replies.get(command, Said(error=f"unknown command: {command.partition(' ')[0]}"))


async def silent(peer: Peer) -> None:
    """Accept, and never say a word."""
    await peer.hang()


async def mute(peer: Peer) -> None:
    """Open the session well, and answer no command."""
    await peer.wire.open(peer)
    await peer.commands()
    await peer.hang()


async def dripping(peer: Peer) -> None:
    """Answer well, one byte a second."""
    await peer.wire.open(peer)
    answer = peer.wire.encode([_reply(GOOD, command) for command in await peer.commands()])
    for position in range(len(answer)):
        await peer.send(answer[position : position + 1])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await peer.hang()
                return


async def stopping(peer: Peer) -> None:
    """Send half of a good answer, and nothing more."""
    await _send_half(peer)
    await peer.hang()


async def closing_half_way(peer: Peer) -> None:
    """Send half of a good answer, and close."""
    await _send_half(peer)


async def resetting_half_way(peer: Peer) -> None:
    """Send half of a good answer, and end the connection with RST."""
    await _send_half(peer)
    peer.reset()


async def _send_half(peer: Peer) -> None:
    await peer.wire.open(peer)
    answer = peer.wire.encode([_reply(GOOD, command) for command in await peer.commands()])
    await peer.send(answer[: len(answer) // 2])


async def closing_at_once(peer: Peer) -> None:
    """Accept, and close."""


async def closing_unanswered(peer: Peer) -> None:
    """Open the session well, read a command, and close."""
    await peer.wire.open(peer)
    await peer.commands()


def saying(data: bytes, *, then_closes: bool = False) -> Behaviour:
    """Say these bytes where the client expects the first ones."""

    async def behave(peer: Peer) -> None:
        await peer.wire.until_asked(peer)
        await peer.send(data)
        if not then_closes:
            await peer.hang()

    return behave


def answering_with(data: bytes, *, then_closes: bool = False) -> Behaviour:
    """Open the session well, and say these bytes to the first command."""

    async def behave(peer: Peer) -> None:
        await peer.wire.open(peer)
        await peer.commands()
        await peer.send(data)
        if not then_closes:
            await peer.hang()

    return behave


def endless(head: bytes, block: bytes) -> Behaviour:
    """Open the session well, and say `head` to the first command, then `block` for ever."""

    async def behave(peer: Peer) -> None:
        await peer.wire.open(peer)
        await peer.commands()
        await peer.send(head)
        while True:
            await peer.send(block)

    return behave


def hanging_at(beginning: str, replies: Mapping[str, Said]) -> Behaviour:
    """Answer well, until a command that begins so is asked: then never again on this connection."""

    async def behave(peer: Peer) -> None:
        await peer.wire.open(peer)
        commands = await peer.commands()
        while not any(command.startswith(beginning) for command in commands):
            await peer.send(peer.wire.encode([_reply(replies, command) for command in commands]))
            commands = await peer.commands()
        await peer.hang()

    return behave
