"""Which server the recordings are replayed against, and all the replays, which go on at the same time."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from nundb_devserver import PORTS_PER_NODE, free_row
from tests.idle_time import IdleTimeLoop

from .replay import Difference, Replay
from .targets import NODES, BinaryTarget, EmbeddedTarget, RunningTarget, Target
from .transcripts import Run, runs

Outcome = list[Difference]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the command line name another server than the embedded one."""
    group = parser.getgroup("conformance")
    group.addoption("--nundb-binary", help="replay against processes of this nun-db binary")
    group.addoption("--nundb-port-base", type=int, help="replay against fresh nodes at 127.0.0.1:BASE+10i+2, +3 and +4")


def pytest_asyncio_loop_factories(config: pytest.Config) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let time pass as it does only for servers outside of this process."""
    is_embedded = config.getoption("--nundb-binary") is None and config.getoption("--nundb-port-base") is None
    return {"idle": IdleTimeLoop} if is_embedded else {"real": asyncio.new_event_loop}


class Replays:
    """Plays runs, some at the same time: most of a replay is waiting.

    A real binary gets three attempts at each run, since its own races make clusters that do not form.
    """

    def __init__(self, binary: Path | None, base: int | None, data: Path) -> None:
        self._binary = binary
        self._base = base
        self._data = data
        self._attempts = 3 if binary else 1
        self._places = asyncio.Semaphore(1 if base else 3 if binary else 12)
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}

    def begin(self, names: set[str]) -> None:
        """Begin with the runs of these names."""
        self._tasks = {run.name: asyncio.create_task(self._play(run)) for run in runs() if run.name in names}

    async def outcome(self, name: str) -> Outcome:
        """Wait for a run."""
        return await self._tasks[name]

    async def close(self) -> None:
        """End what is still going on."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _play(self, run: Run) -> Outcome:
        async with self._places:
            for attempt in range(self._attempts - 1):
                try:
                    if not await Replay(run, self._target(f"{run.name}-{attempt}")).play():
                        return []
                except TimeoutError:
                    continue
            return await Replay(run, self._target(run.name)).play()

    def _target(self, name: str) -> Target:
        if self._base is not None:
            return RunningTarget(self._base)
        if self._binary is not None:
            return BinaryTarget(free_row(PORTS_PER_NODE * NODES), self._data / name, self._binary)
        return EmbeddedTarget(free_row(PORTS_PER_NODE * NODES), self._data / name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def replays(request: pytest.FixtureRequest) -> AsyncIterator[Callable[[str], Awaitable[Outcome]]]:
    """Return what waits for the outcome of a run."""
    binary = request.config.getoption("--nundb-binary", None)
    base = request.config.getoption("--nundb-port-base", None)
    data = Path(tempfile.mkdtemp(prefix="nundb-conformance-"))
    replays = Replays(binary and Path(binary), base, data)
    replays.begin({item.callspec.id for item in request.session.items if hasattr(item, "callspec")})
    yield replays.outcome
    await replays.close()
    shutil.rmtree(data, ignore_errors=True)
