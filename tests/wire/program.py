"""The program under test, run to its end."""

import asyncio
import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .replies import PASSWORD, USER
from .waiting import PATIENCE_SECONDS

PROGRAM: Final = Path(sysconfig.get_path("scripts")) / "nundb-exporter"


def inherited() -> dict[str, str]:
    """Return our environment without what tells Nun-db or the program something."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("NUN", "_NUN"))}


def environment(url: str | None, **changes: str | None) -> dict[str, str]:
    """Return the three variables and what a process needs, some changed; None removes one."""
    own = {"NUN_URL": url, "NUN_USER": USER, "NUN_PWD": PASSWORD, **changes}
    return {name: value for name, value in (inherited() | own).items() if value is not None}


@dataclass(frozen=True)
class Ended:
    """A command that has come to its end."""

    code: int
    stdout: str
    stderr: str


async def run(*arguments: str, url: str | None = None, **variables: str | None) -> Ended:
    """Run `nundb-exporter` to its end."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        env=environment(url, **variables),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            stdout, stderr = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Ended(process.returncode, stdout.decode(), stderr.decode())
