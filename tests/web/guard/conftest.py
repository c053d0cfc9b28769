"""A folder for each test."""

from pathlib import Path

import pytest

from .guarding import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a directory with certificates."""
    return Folder(tmp_path)
