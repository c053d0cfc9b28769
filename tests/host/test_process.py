"""What is read of a process, and of its limits."""

import os
import resource
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from nundb_exporter.errors import ConfigError, SourceError
from nundb_exporter.exposition import Format, render
from nundb_exporter.host import limits
from nundb_exporter.host.families import FAMILIES
from nundb_exporter.host.process import PROC, read_stat
from nundb_exporter.host.settings import HostSettings
from nundb_exporter.host.source import HostSource
from nundb_exporter.metrics import Sample
from tests.programs import needed

from .places import Proc, stat_line, without_power


def by_name(samples: Iterable[Sample]) -> dict[str, float]:
    """Return values by the end of their names."""
    return {sample.family.name.removeprefix("nundb_host_process_"): sample.value for sample in samples}


def limits_of(proc: Proc, pid: int) -> dict[str, float]:
    """Return the limits that are read."""
    return by_name(limits.samples(pid, proc.path, proc.cgroups))


def test_what_a_process_uses(tmp_path: Path) -> None:
    """In base units."""
    proc = Proc(tmp_path)
    proc.add(9, "/a", "/b", "/c")
    shown = by_name(HostSource(HostSettings(9), proc.path).samples())
    ticks = os.sysconf("SC_CLK_TCK")
    assert shown["threads"] == 19
    assert shown["cpu_seconds_total"] == 750 / ticks
    assert shown["virtual_memory_bytes"] == 4096000
    assert shown["resident_memory_bytes"] == 3 * resource.getpagesize()
    assert shown["start_time_seconds"] == 1000000 + 5000 / ticks
    assert shown["max_fds"] == 1024
    assert "open_fds" in shown


def test_a_name_of_brackets_and_blanks_shifts_nothing(tmp_path: Path) -> None:
    """A program may be called anything."""
    (tmp_path / "stat").write_text(stat_line(9, name="a) R 1 (b"))
    assert read_stat(tmp_path).threads == 19


def test_no_limit_is_absent(tmp_path: Path) -> None:
    """It is no number."""
    proc = Proc(tmp_path)
    proc.add(9, limit="unlimited")
    assert "max_fds" not in limits_of(proc, 9)
    assert "max_threads" not in limits_of(proc, 9)


def test_the_least_limit_of_all_control_groups_above_holds(tmp_path: Path) -> None:
    """Version 2: a group may not use more than those above it; a quota may be less than a CPU."""
    proc = Proc(tmp_path)
    proc.add(9, threads="500", cgroup="0::/pods/nun\n")
    proc.group("", memory_max="max")
    proc.group("pods", memory_max="1000000", pids_max="100", cpu_max="50000 100000")
    proc.group("pods/nun", memory_max="2000000", pids_max="max", cpu_max="max 100000")
    shown = limits_of(proc, 9)
    assert (shown["max_memory_bytes"], shown["max_threads"], shown["max_cpus"]) == (1000000, 100, 0.5)


def test_limits_of_version_1(tmp_path: Path) -> None:
    """Each controller has a tree of its own, and no limit is a very large number."""
    proc = Proc(tmp_path)
    proc.add(9, cgroup="5:cpu,cpuacct:/nun\n4:memory:/nun\n3:pids:/nun\n")
    for name, files in {
        "cpu,cpuacct": {"cpu.cfs_quota_us": "150000", "cpu.cfs_period_us": "100000"},
        "memory": {"memory.limit_in_bytes": "9223372036854771712"},
        "pids": {"pids.max": "77"},
    }.items():
        (proc.cgroups / name / "nun").mkdir(parents=True)
        (proc.cgroups / name / "cgroup.procs").touch()
        for file, text in files.items():
            (proc.cgroups / name / "nun" / file).write_text(f"{text}\n")
    shown = limits_of(proc, 9)
    assert (shown["max_cpus"], shown["max_memory_bytes"], shown["max_threads"]) == (1.5, 16 * 2**30, 77)


def test_a_group_outside_of_what_a_container_sees_has_unknown_limits(tmp_path: Path) -> None:
    """Which is not the same as none: the host's memory is no limit then."""
    proc = Proc(tmp_path)
    proc.add(9, cgroup="0::/../nun\n")
    proc.group("", memory_max="1000000")
    shown = limits_of(proc, 9)
    assert "max_memory_bytes" not in shown
    assert shown["max_cpus"] == 3


def test_of_another_users_process_all_is_shown_that_may_be_read() -> None:
    """Before Linux 6.2 the number of its open files may not, which is said, with what to do about it."""
    shown: list[Sample] = []
    failure = ""
    with without_power():
        try:
            shown.extend(HostSource(HostSettings(os.getppid() if os.getuid() else os.getpid())).samples())
        except SourceError as error:
            failure = str(error)
    assert by_name(shown).keys() >= {"threads", "resident_memory_bytes", "cpu_seconds_total", "max_fds"}
    assert ("open_fds" in by_name(shown)) != ("run the exporter as the node's user or with CAP_SYS_PTRACE" in failure)


def test_this_machine_shows_this_process() -> None:
    """Every family but those of limits that do not hold here, and promtool finds nothing to say of their names."""
    samples = list(HostSource(HostSettings(os.getpid())).samples())
    assert by_name(samples).keys() >= {"open_fds", "max_fds", "threads", "resident_memory_bytes", "cpu_seconds_total"}
    assert {sample.family for sample in samples} <= set(FAMILIES)
    assert by_name(samples)["max_fds"] == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert by_name(samples)["open_fds"] == pytest.approx(len(list((PROC / "self/fd").iterdir())), abs=3)
    page = render(samples, Format.TEXT).text.encode()
    checked = subprocess.run([needed("promtool"), "check", "metrics"], input=page, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_a_system_without_proc_is_told_at_once(tmp_path: Path) -> None:
    """Before anything is served."""
    with pytest.raises(ConfigError, match=r"--collector.host: needs /proc, .*; leave it out; only Linux has it"):
        HostSource(HostSettings(), tmp_path)
