"""A terminal with a program in its foreground: what is typed, and what is shown."""

import asyncio
import contextlib
import fcntl
import os
import struct
import sys
import termios
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from tests.wire.program import PROGRAM
from tests.wire.waiting import eventually

from .program import plain_environment

ROWS: Final = 24
_START: Final = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes standard input the controlling terminal of a new session, as a terminal's own program does."""


@dataclass
class Terminal:
    """The end of the terminal where the person sits."""

    process: asyncio.subprocess.Process
    descriptor: int
    text: str = ""

    def close(self) -> None:
        """Close the terminal, as its window is closed; whoever has it as their own gets SIGHUP."""
        if self.descriptor >= 0:
            asyncio.get_running_loop().remove_reader(self.descriptor)
            os.close(self.descriptor)
            self.descriptor = -1

    def type(self, key: str) -> None:
        """Press a key."""
        os.write(self.descriptor, key.encode())

    async def shown(self, text: str) -> None:
        """Wait until a text has been shown, on one line or wrapped."""
        await eventually(self.seen, lambda seen: " ".join(text.split()) in " ".join(click.unstyle(seen).split()))

    async def seen(self) -> str:
        """Return all that has been written so far."""
        return self.text

    @property
    def is_echoing(self) -> bool:
        """Whether the terminal shows what is typed, as it does unless a program has changed that."""
        flags: int = termios.tcgetattr(self.descriptor)[3]
        return bool(flags & termios.ECHO)

    def read(self) -> None:
        """Take what has been written to the terminal."""
        with contextlib.suppress(OSError):  # nobody has it open any more
            self.text += os.read(self.descriptor, 65536).decode()


@contextlib.asynccontextmanager
async def terminal(temporary: Path, *arguments: str, columns: int = 80, **variables: str) -> AsyncIterator[Terminal]:
    """Run the program's subcommand in a terminal of its own; kill it if it still runs at the end."""
    ours, theirs = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _START,
        str(PROGRAM),
        *arguments,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=plain_environment(temporary, {"TERM": "xterm", "COLUMNS": "", "LINES": "", **variables}),
        start_new_session=True,
    )
    seen = Terminal(process, ours)
    asyncio.get_running_loop().add_reader(ours, seen.read)
    try:
        yield seen
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        os.close(theirs)
        seen.close()
