"""The programs are looked for once: without them one line says so, here and in CI."""

from pathlib import Path

import pytest

from .control_plane import Programs


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip these tests where a program is missing."""
    try:
        Programs.found()
    except FileNotFoundError as missing:
        why = f"nothing is tried on a real API server: {missing}; docs/kubernetes.md says how to get it"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=why))
