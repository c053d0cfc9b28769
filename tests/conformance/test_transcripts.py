"""The embedded server answers as the recorded one did, byte for byte."""

from collections.abc import Awaitable, Callable

import pytest

from .replay import Difference
from .transcripts import Run, runs


@pytest.mark.parametrize("run", runs(), ids=lambda run: run.name)
async def test_the_server_answers_as_recorded(run: Run, play: Callable[[Run], Awaitable[list[Difference]]]) -> None:
    """Every reply of a recorded run comes again, but for what no run can repeat."""
    differences = await play(run)
    assert not differences, "\n".join(str(difference) for difference in differences)
