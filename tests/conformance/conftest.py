"""Which server the recordings are replayed against: the embedded one, unless the command line names another."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from nundb_devserver import PORTS_PER_NODE, free_row
from tests.wire.idle_time import IdleTimeLoop

from .replay import Difference, Replay
from .targets import NODES, BinaryTarget, EmbeddedTarget, RunningTarget, Target
from .transcripts import Run

_ATTEMPTS = 3
"""A real binary has races of its own, which make clusters that do not form."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the command line name another server than the embedded one."""
    group = parser.getgroup("conformance")
    group.addoption("--nundb-binary", type=Path, help="replay against processes of this nun-db binary")
    group.addoption("--nundb-port-base", type=int, help="replay against fresh nodes at 127.0.0.1:BASE+10i+2, +3 and +4")


def pytest_asyncio_loop_factories(config: pytest.Config) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let time pass as it does only for servers outside of this process."""
    is_embedded = config.getoption("--nundb-binary") is None and config.getoption("--nundb-port-base") is None
    return {"idle": IdleTimeLoop} if is_embedded else {"real": asyncio.new_event_loop}


@pytest.fixture
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Run], Awaitable[list[Difference]]]:
    """Return what plays a run, and returns what was answered otherwise."""
    binary: Path | None = request.config.getoption("--nundb-binary")
    base: int | None = request.config.getoption("--nundb-port-base")

    def target(attempt: int) -> Target:
        if base is not None:
            return RunningTarget(base)
        ports, data = free_row(PORTS_PER_NODE * NODES), tmp_path / str(attempt)
        return EmbeddedTarget(ports, data) if binary is None else BinaryTarget(ports, data, binary)

    async def play(run: Run) -> list[Difference]:
        for attempt in range(1, 1 if binary is None else _ATTEMPTS):
            with suppress(TimeoutError):
                if not await Replay(run, target(attempt)).play():
                    return []
        return await Replay(run, target(_ATTEMPTS)).play()

    return play
