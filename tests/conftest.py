"""What all tests share: golden pages, a clock, and how hard hypothesis searches."""

import os
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from tests.wire.clock import Clock

GOLDEN = Path(__file__).parent / "golden"

settings.register_profile("local", deadline=None, max_examples=60)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, database=None, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let golden files be written anew."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew instead of comparing")
    parser.addoption("--one-exporter", action="store_true", help="drill each cluster through one exporter's /probe")
    parser.addoption("--pace", type=float, default=1.0, help="begin the drills as a slow machine: 2, 4 or 8 s a scrape")


@pytest_asyncio.fixture
async def clock() -> Clock:
    """The loop's clock."""
    return Clock()


class Golden:
    """Texts that were looked at once and must not change unseen."""

    def __init__(self, *, is_updated: bool) -> None:
        self._is_updated = is_updated

    def check(self, name: str, text: str) -> Path:
        """Compare a text with the golden file of that name, or write the file; return its path."""
        path = GOLDEN / name
        if self._is_updated:
            path.write_text(text, "utf-8")
        assert text == path.read_text("utf-8"), f"{name} differs; look at it, then run pytest --update-golden"
        return path


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """The golden files, compared or rewritten."""
    return Golden(is_updated=request.config.getoption("--update-golden"))
