"""A program under test: what it prints, how it ends, and what it leaves behind."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tests.wire.program import PROGRAM, inherited
from tests.wire.waiting import PATIENCE_SECONDS, eventually


@dataclass
class Program:
    """A running program; its standard output is gathered while it runs."""

    process: asyncio.subprocess.Process
    temporary: Path
    """Its TMPDIR, where nobody else writes."""
    lines: list[str] = field(default_factory=list)
    _is_over: bool = False

    async def printed(self, text: str) -> str:
        """Wait for a line that holds the text, and return it."""

        async def find() -> str | None:
            found = next((line for line in self.lines if text in line), None)
            assert found or not self._is_over, f"{text!r} was never printed, but {self.lines}"
            return found

        return await eventually(find, lambda line: line is not None) or ""

    async def end(self, number: signal.Signals | None = None) -> int:
        """Send a signal, if one is given, wait for the end, and return the exit code."""
        if number is not None:
            self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()

    @property
    def leftovers(self) -> list[str]:
        """The files and the processes that it has left behind."""
        return [*(path.name for path in self.temporary.iterdir()), *self.processes]

    @property
    def processes(self) -> list[str]:
        """The command lines of processes that know of its directory."""
        return _processes_with(str(self.temporary))

    async def gather(self) -> None:
        """Read what it prints, to the end."""
        if self.process.stdout is not None:
            async for line in self.process.stdout:
                self.lines.append(line.decode().rstrip("\n"))
        self._is_over = True


@contextlib.asynccontextmanager
async def running(
    folder: Path,
    *arguments: str,
    output: int = asyncio.subprocess.PIPE,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[Program]:
    """Run the program's subcommand; kill it if it still runs at the end."""
    temporary = folder / "temporary"
    temporary.mkdir()
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT,
        env=plain_environment(temporary, environment),
    )
    program = Program(process, temporary)
    gathering = asyncio.create_task(program.gather())
    try:
        yield program
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await gathering


def plain_environment(temporary: Path, changes: Mapping[str, str]) -> dict[str, str]:
    """Return our environment without Nun-db's own settings."""
    return {**inherited(), "TMPDIR": str(temporary), "PYTHONWARNINGS": "error", **changes}


def _processes_with(text: str) -> list[str]:
    """Return the command lines that hold a text, where the system tells them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_text(errors="replace").replace("\0", " ")
            if text in command:
                found.append(command)
    return found
