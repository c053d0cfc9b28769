"""Programs from outside that tests need: without one, a test that needs it is skipped, and in CI it fails."""

import os
import shutil
from typing import NoReturn

import pytest


def needed(name: str, purpose: str = "tests") -> str:
    """Return the path of a program that scripts/system-packages installs for a purpose, or end the test."""
    return shutil.which(name) or cannot_check(f"{name} is not installed: scripts/system-packages {purpose}")


def cannot_check(why: str) -> NoReturn:
    """Skip a test that something outside is missing for; fail it in CI, where everything is checked."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)
