"""When a failure is logged, and when its end."""

import logging

import pytest

from nundb_exporter.failure_log import FailureLog

ALL = ("node", "collector oplog")


class Attempts:
    """A log of one node's failures, and what it says."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        self._caplog = caplog
        self._log = FailureLog(logging.getLogger("test"), "http://a:1")

    def succeed(self, seconds: float = 10) -> list[str]:
        """Note an attempt in which nothing failed, and return what is logged."""
        return self.fail({}, seconds)

    def fail(self, failures: dict[str, str], seconds: float = 10, tried: tuple[str, ...] = ALL) -> list[str]:
        """Note an attempt that failed for a reason of its own, and return what is logged."""
        return self._note(failures, seconds, tried, is_late=False)

    def be_late(self, seconds: float, text: str = "no answer") -> list[str]:
        """Note an attempt that used up its time, and return what is logged."""
        return self._note({"node": text}, seconds, ("node",), is_late=True)

    def _note(self, failures: dict[str, str], seconds: float, tried: tuple[str, ...], *, is_late: bool) -> list[str]:
        self._caplog.clear()
        self._log.note(failures, tried, seconds, is_late=is_late)
        return [record.getMessage().removeprefix("http://a:1: ") for record in self._caplog.records]


@pytest.fixture
def attempts(caplog: pytest.LogCaptureFixture) -> Attempts:
    """Return a log that has seen nothing yet."""
    return Attempts(caplog)


def test_a_failure_is_logged_when_it_begins_and_when_it_ends(attempts: Attempts) -> None:
    """Not in between, and not when all is well."""
    assert attempts.succeed() == []
    assert attempts.fail({"node": "refused"}) == ["node failed: refused"]
    assert attempts.fail({"node": "refused"}) == []
    assert attempts.succeed() == ["node recovered"]
    assert attempts.succeed() == []
    assert attempts.fail({"node": "refused"}) == ["node failed: refused"]


def test_another_reason_is_logged_too(attempts: Attempts) -> None:
    """Each once as long as it goes on, even where they take turns."""
    assert attempts.fail({"node": "refused"}) == ["node failed: refused"]
    assert attempts.fail({"node": "reset"}) == ["node failed: reset"]
    assert attempts.fail({"node": "refused"}) == []


def test_a_reason_that_differs_each_time_is_logged_each_time(attempts: Attempts) -> None:
    """It is not remembered for ever."""
    for number in range(100):
        assert attempts.fail({"node": f"at {number}"}) == [f"node failed: at {number}"]


def test_scrapers_with_different_timeouts_do_not_end_each_others_failures(attempts: Attempts) -> None:
    """A node that takes a second is too slow for one and not for the other: one line, not two for each pair."""
    assert attempts.be_late(0.5) == ["node failed: no answer"]
    for _ in range(3):
        assert attempts.succeed(10) == []
        assert attempts.be_late(0.49) == []
    assert attempts.succeed(0.51) == ["node recovered"]


def test_a_failure_that_is_not_of_time_ends_with_any_success(attempts: Attempts) -> None:
    """A refused connection is refused to all."""
    assert attempts.be_late(0.5) == ["node failed: no answer"]
    assert attempts.fail({"node": "refused"}, 0.5) == ["node failed: refused"]
    assert attempts.succeed(10) == ["node recovered"]


def test_what_was_not_tried_has_not_recovered(attempts: Attempts) -> None:
    """While the node is down nobody knows whether a collector would work."""
    assert attempts.fail({"collector oplog": "cut off"}) == ["collector oplog failed: cut off"]
    assert attempts.fail({"node": "refused"}, tried=("node",)) == ["node failed: refused"]
    assert attempts.fail({"collector oplog": "cut off"}) == ["node recovered"]
    assert attempts.succeed() == ["collector oplog recovered"]
