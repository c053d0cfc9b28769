"""The exporter's own process, as the system tells it."""

import os
import platform
import resource
import time
from pathlib import Path

import pytest

import nundb_exporter
from nundb_exporter.exposition import Format, render
from nundb_exporter.metrics import (
    BUILD_INFO,
    PROCESS_CPU,
    PROCESS_MAX_FDS,
    PROCESS_OPEN_FDS,
    PROCESS_RESIDENT,
    PROCESS_START,
    PROCESS_VIRTUAL,
    PYTHON_INFO,
    Family,
)
from nundb_exporter.self_metrics import ExporterProcess

HAS_PROC = Path("/proc/self/stat").exists()
FROM_PROC = {PROCESS_VIRTUAL, PROCESS_RESIDENT, PROCESS_OPEN_FDS, PROCESS_START}
ELSEWHERE = {BUILD_INFO, PYTHON_INFO, PROCESS_CPU, PROCESS_MAX_FDS}


def values(read: ExporterProcess) -> dict[Family, float]:
    """Return the values by family."""
    return {sample.family: sample.value for sample in read.samples()}


def test_the_numbers_are_this_process_s() -> None:
    """Each is near to what the system tells in another way."""
    read = values(ExporterProcess())
    assert read.keys() == ELSEWHERE | (FROM_PROC if HAS_PROC else set())
    times = os.times()
    assert 0 < read[PROCESS_CPU] <= times.user + times.system + 1
    assert read[PROCESS_MAX_FDS] == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if HAS_PROC:
        assert read[PROCESS_VIRTUAL] > read[PROCESS_RESIDENT] > 1024 * 1024
        assert read[PROCESS_START] <= time.time() + 1
        assert time.time() - read[PROCESS_START] < 24 * 3600
        with Path(os.devnull).open(), Path(os.devnull).open():
            assert values(ExporterProcess())[PROCESS_OPEN_FDS] == read[PROCESS_OPEN_FDS] + 2


def test_the_versions_are_labels() -> None:
    """The value is always 1."""
    labels = {sample.family: sample.labels for sample in ExporterProcess().samples()}
    assert labels[BUILD_INFO] == (nundb_exporter.__version__, platform.python_version())
    assert labels[PYTHON_INFO] == (platform.python_implementation(), platform.python_version())
    assert values(ExporterProcess())[BUILD_INFO] == values(ExporterProcess())[PYTHON_INFO] == 1


def test_they_can_be_rendered() -> None:
    """All with their labels, none twice."""
    assert render(ExporterProcess().samples(), Format.OPENMETRICS).dropped == 0


def test_the_system_is_asked_once_a_second() -> None:
    """Within a second the same samples are given; after it they are read anew."""
    now = 1000.0
    read = ExporterProcess(clock=lambda: now)
    first = read.samples()
    now += 0.9
    assert read.samples() is first
    now += 0.2
    assert read.samples() is not first


@pytest.mark.parametrize("family", [PROCESS_CPU, PROCESS_RESIDENT, PROCESS_VIRTUAL, PROCESS_OPEN_FDS], ids=str)
def test_what_may_be_a_second_old_says_so(family: Family) -> None:
    """As Prometheus asks of everything that is cached."""
    assert "at most a second old" in family.help


def test_without_proc_the_rest_is_told(tmp_path: Path) -> None:
    """Without /proc, or without a free descriptor to read it, the values from system calls remain."""
    assert values(ExporterProcess(tmp_path / "missing")).keys() == ELSEWHERE


@pytest.mark.skipif(not HAS_PROC, reason="there is no /proc here")
def test_a_start_that_cannot_be_known_is_absent(tmp_path: Path) -> None:
    """Some sandboxes tell no boot time: absent is absent, not 1970."""
    (tmp_path / "stat").write_text("cpu 1 2 3\n")
    (tmp_path / "self").symlink_to("/proc/self")
    assert values(ExporterProcess(tmp_path)).keys() == (ELSEWHERE | FROM_PROC) - {PROCESS_START}
