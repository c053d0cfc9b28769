"""The embedded server answers as the recorded one did, byte for byte."""

from collections.abc import Awaitable, Callable

import pytest

from .replay import Difference
from .transcripts import runs


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("name", [run.name for run in runs()], ids=str)
async def test_the_server_answers_as_recorded(name: str, replays: Callable[[str], Awaitable[list[Difference]]]) -> None:
    """Every reply of a recorded run comes again, but for what no run can repeat."""
    differences = await replays(name)
    assert not differences, "\n".join(str(difference) for difference in differences)
