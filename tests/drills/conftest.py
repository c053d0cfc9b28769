"""What `--one-exporter` leaves out of the drills, and why."""

import pytest

from .together import NOT_TOGETHER, lanes


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip aloud what makes no sense with one exporter for all nodes."""
    if not config.getoption("--one-exporter"):
        return
    for item in items:
        if isinstance(item, pytest.Function) and "report" in item.fixturenames and hasattr(item, "callspec"):
            reason = _reason(item.callspec.params)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


def _reason(given: dict[str, object]) -> str:
    if "query" in given:
        return "the panels of what only an exporter beside a node reads are empty"
    if given.get("name") in NOT_TOGETHER:
        return NOT_TOGETHER[str(given["name"])]
    if "job" in given and given["job"] not in lanes(has_one_exporter=True):
        return "no drill of this lane makes sense with one exporter"
    return ""
