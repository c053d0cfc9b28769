"""Local sources: read together, without one affecting another."""

import logging
from collections.abc import Iterable

import pytest

from nundb_exporter.errors import ProtocolError
from nundb_exporter.metrics import COLLECTOR_SUCCESS, Family, Sample, Subject
from nundb_exporter.sources import Sources

SIZE = Family("nundb_test_size_bytes", "gauge", "Size", "test", since=None, labels=("source",))


class Scripted:
    """A source that gives one sample, and then raises what it is told."""

    def __init__(self, name: str, *ends: Exception | None) -> None:
        self.subject = Subject(name=name, help="A test.", families=(SIZE,))
        self._ends = list(ends)

    def samples(self) -> Iterable[Sample]:
        """Yield one sample, then raise the next of the errors."""
        yield SIZE.sample(1, self.subject.name)
        end = self._ends.pop(0) if self._ends else None
        if end is not None:
            raise end


def success(samples: list[Sample]) -> dict[str, float]:
    """Return nundb_scrape_collector_success by collector."""
    return {sample.labels[0]: sample.value for sample in samples if sample.family is COLLECTOR_SUCCESS}


@pytest.mark.parametrize("error", [ProtocolError("torn"), OSError(2, "gone", "/secret"), KeyError("a stored value")])
def test_one_failure_leaves_the_others_alone(error: Exception) -> None:
    """What was yielded before the failure is kept, and only that source counts as failed."""
    samples = Sources([Scripted("log", error), Scripted("files")]).samples()
    assert [sample.labels for sample in samples if sample.family is SIZE] == [("log",), ("files",)]
    assert success(samples) == {"log": False, "files": True}


def test_a_failure_is_logged_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    """A source that goes on failing does not fill the disk, and a defect's text is not shown."""
    sources = Sources([Scripted("log", KeyError("secret"), KeyError("secret"), None, None)])
    with caplog.at_level(logging.INFO):
        for _ in range(4):
            sources.samples()
    first, second = caplog.messages
    assert first.startswith("collector log failed: defect: KeyError")
    assert "secret" not in first.splitlines()[0]
    assert second == "collector log recovered"
