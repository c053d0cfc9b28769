"""The log as a source: its thread, pipes, the state file, and the commands that a person runs."""

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from nundb_exporter.errors import ConfigError, SourceError
from nundb_exporter.log.inputs import Pipe
from nundb_exporter.log.reader import Reader
from nundb_exporter.log.settings import LogSettings
from nundb_exporter.log.source import LogSource
from nundb_exporter.log.tally import Tally
from tests.web.guard.guarding import hashed
from tests.wire.program import PROGRAM, environment
from tests.wire.sources import started, value
from tests.wire.waiting import PATIENCE_SECONDS, wait_until

from . import observed
from .writing import record, request, totals

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


def following(path: Path | str, **settings: Any) -> AbstractContextManager[LogSource]:  # noqa: ANN401 - of LogSettings
    """Give a source that follows a log."""
    return started(LogSource(LogSettings(str(path), **settings)))


def test_the_last_line_counts_after_a_while_without_another(tmp_path: Path) -> None:
    """A log that stands still is counted to its end; what follows counts too."""
    path = tmp_path / "nun-db.log"
    path.write_bytes(request(1, "get k"))
    with following(path, is_from_start=True) as source:
        wait_until(lambda: value(source, "nundb_commands_total", "get") == 1)
        with path.open("ab") as file:
            file.write(request(2, "set k v"))
        wait_until(lambda: value(source, "nundb_commands_total", "set") == 1)
        assert value(source, "nundb_log_lag_bytes") == 0
        assert value(source, "nundb_log_last_line_timestamp_seconds") == pytest.approx(1795620900)
        assert [command.key for command in source.slowest_commands(5)] == ["k", "k"]
        assert {group.verb for group in source.slowest_groups(5)} == {"get", "set"}


def test_a_page_does_not_wait_for_the_end_of_a_long_log(tmp_path: Path) -> None:
    """The thread that reads it lets others in between."""
    path = tmp_path / "nun-db.log"
    path.write_bytes(b"".join(request(number, "get k") for number in range(300_000)))
    with following(path, is_from_start=True) as source:
        shown = [value(source, "nundb_commands_total", "get") or 0]
        while shown[-1] < 300_000 and len(shown) < 1000:
            shown.append(value(source, "nundb_commands_total", "get") or 0)
        assert len(set(shown)) > 3


def test_a_log_that_cannot_be_read_fails_its_collector_and_recovers(tmp_path: Path) -> None:
    """What was counted until then is still shown."""
    path = tmp_path / "nun-db.log"
    path.symlink_to(path)  # without end
    with following(path, is_from_start=True) as source:
        wait_until(lambda: value(source, "nundb_scrape_collector_success", "log") == 0)
        assert value(source, "nundb_log_lines_total") == 0
        path.unlink()
        path.write_bytes(request(1, "get k"))
        wait_until(lambda: value(source, "nundb_commands_total", "get") == 1)
        assert value(source, "nundb_scrape_collector_success", "log") == 1


def test_what_was_shown_is_not_counted_again_and_what_was_not_is(tmp_path: Path) -> None:
    """The state file has the place of the last page, so that Prometheus sees every command once."""
    path = tmp_path / "nun-db.log"
    state = tmp_path / "state.json"
    path.write_bytes(request(1, "get shown"))
    with following(path, state_file=state, is_from_start=True) as source:
        wait_until(lambda: value(source, "nundb_commands_total", "get") == 1)
        with path.open("ab") as file:
            file.write(request(2, "set unshown v"))
        wait_until(lambda: bool([command for command in source.slowest_commands(5) if command.verb == "set"]))
    with following(path, state_file=state) as source:
        wait_until(lambda: value(source, "nundb_commands_total", "set") == 1)
        assert value(source, "nundb_commands_total", "get") == 0


def test_a_state_that_cannot_be_written_fails_only_the_log(tmp_path: Path) -> None:
    """Its directory may be read-only, or the disk full."""
    state = tmp_path / "none" / "state.json"
    with following(tmp_path / "nun-db.log", state_file=state) as source:
        assert value(source, "nundb_scrape_collector_success", "log") == 0
        with pytest.raises(SourceError, match=rf"the state file {state} cannot be written \(no such file"):
            list(source.samples())


def test_a_pipe_is_drained_whatever_becomes_of_its_bytes() -> None:
    """A writer never waits; what there is no room for is dropped, told, and no record is read from its middle."""
    reading, writing = os.pipe()
    tally = Tally()
    pipe = Pipe(reading, Reader("raw", tally), max_queued=1_000_000)
    line = request(1, "set k [2026-11-25T15:35:21.921624158Z nun_db] nundb starting!\n")
    written = b"".join([line] * 20_000)
    with os.fdopen(writing, "wb") as file:
        file.write(written)
    wait_until(lambda: pipe.lag + pipe.dropped == len(written))
    assert pipe.dropped > 0
    pipe.read_to_end()
    found = totals(tally)
    assert found.events == {}
    assert 0 < found.commands["set"] * len(line) + pipe.dropped <= len(written)
    assert pipe.has_ended
    assert pipe.lag == 0


def test_a_named_pipe_outlives_its_writers(tmp_path: Path) -> None:
    """One that is restarted opens the pipe anew."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with following(path) as source:
        for number in (1, 2):
            path.write_bytes(request(number, "get k"))
            wait_until(lambda number=number: value(source, "nundb_commands_total", "get") == number)  # type: ignore[misc] # mypy cannot infer it


def test_an_unusable_path_is_told(tmp_path: Path) -> None:
    """With what to do."""
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o200)
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    with pytest.raises(ConfigError, match="cannot be opened"):
        LogSource(LogSettings(str(path)))


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the program."""
    return subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("name", ["run.raw.log", "run.cri-conmon.log", "run.journald.export"])
def test_once_prints_the_metrics_of_a_whole_log(name: str, tmp_path: Path) -> None:
    """From a file or from standard input."""
    path = tmp_path / "log"
    path.write_bytes(observed.in_format(name))
    from_file = run("log", "--once", str(path))
    assert (from_file.returncode, from_file.stderr) == (0, b"")
    for verb, number in observed.RUN["verbs"].items():
        assert f'nundb_commands_total{{command="{verb}"}} {number}\n'.encode() in from_file.stdout
    assert run("log", "--once", "-", stdin=path.read_bytes()).stdout == from_file.stdout


SECRETS = (b"0123456789012345", b"secretvalue", b"first second", b"guessed", b"database-token", b"user-token")


def test_no_command_prints_a_secret(tmp_path: Path) -> None:
    """Passwords of failed logins, tokens and values stand in the logs in clear."""
    log = b"".join(
        (
            *(observed.log(name) for name in observed.COUNTS),
            *(observed.of_event(name) for name in observed.EVENTS),
            request(1, "auth eve guessed"),
            request(2, "use-db d database-token"),
            request(3, "create-user bob user-token"),
        )
    )
    assert all(secret in log for secret in SECRETS)
    path = tmp_path / "log"
    path.write_bytes(log)
    for command in (
        ("log", "--once", str(path)),
        ("slow", "--count", "100000", "--nundb.log.path", str(path)),
        ("slow", "--json", "--count", "100000", "--nundb.log.path", str(path)),
    ):
        printed = run(*command).stdout
        assert printed
        assert [secret for secret in SECRETS if secret in printed] == []


def test_slow_lists_commands_and_groups(tmp_path: Path) -> None:
    """As tables, or as one JSON object."""
    path = tmp_path / "log"
    path.write_bytes(request(1, "use-db shop ****") + request(2, "get k", "1.5s") + request(3, "set \x1b[31mk v"))
    table = run("slow", "--nundb.log.path", str(path)).stdout.decode().splitlines()
    assert table[0].split() == ["DURATION", "COMMAND", "DATABASE", "KEY", "WHEN"]
    assert table[1].split() == ["1.5", "s", "get", "shop", "k", "2026-11-25T15:35:00.000000002Z"]
    assert "\x1b" not in "".join(table)
    report = json.loads(run("slow", "--json", "--nundb.log.path", str(path), "--nundb.log.keys", "hide").stdout)
    assert report["window_minutes"] == 10
    assert report["commands"][0]["verb"] == "get"
    assert (
        report["groups"][0].items()
        >= {
            "verb": "get",
            "database": None,
            "key": None,
            "count": 1,
            "seconds": 1.5,
            "p50": 1.6,
            "p99": 1.6,
        }.items()
    )
    assert report["groups"][0]["texts"]["median"] == "1.6 s"
    assert run("slow", "--nundb.log.path", os.devnull).stdout == b"The log has no commands.\n"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("slow",), b"--nundb.log.path: names no log"),
        (("serve", "--collector.log"), b"--nundb.log.path: names no log"),
        (("log", "--once", "/no/such/log"), b"/no/such/log: does not exist"),
        (("slow", "--nundb.log.path", "/"), b""),
    ],
)
def test_a_missing_log_is_one_clear_line(arguments: tuple[str, ...], problem: bytes) -> None:
    """With what to do; a directory without logs has no commands."""
    ended = run(*arguments)
    assert problem in ended.stderr
    assert ended.returncode == (2 if problem else 0)
    assert ended.stderr.count(b"\n") == (1 if problem else 0)


@pytest.mark.parametrize("arguments", [("log", "--once", "-"), ("slow", "--nundb.log.path", "-")])
def test_a_closed_standard_input_is_one_clear_line(arguments: tuple[str, ...]) -> None:
    """As some service managers start a program."""
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", PROGRAM, *arguments], capture_output=True, check=False, timeout=60
    )
    (line,) = ended.stderr.decode().splitlines()
    assert line.startswith("nundb-exporter: --nundb.log.path: cannot be opened (standard input is closed); name a file")
    assert ended.returncode == 2


@pytest.mark.parametrize("arguments", [("log", "--once"), ("slow", "--nundb.log.path")])
def test_a_log_from_a_command_is_read_to_its_end(arguments: tuple[str, ...]) -> None:
    """As with `nundb-exporter slow --nundb.log.path <(kubectl logs nun-db-0)`: it ends when the command does."""
    reading, writing = os.pipe()
    os.write(writing, request(1, "get k"))
    os.close(writing)
    ended = subprocess.run(
        [PROGRAM, *arguments, f"/dev/fd/{reading}"],
        pass_fds=[reading],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    os.close(reading)
    assert ended.returncode == 0
    assert b"get" in ended.stdout


@contextlib.contextmanager
def serving(*arguments: str, stdin: int = subprocess.DEVNULL) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run the program, and give its URL."""
    process = subprocess.Popen(
        [PROGRAM, *arguments, "--web.listen-address", "127.0.0.1:0"],
        env=environment(None),
        stdin=stdin,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        line = process.stderr.readline().decode()
        yield process, line[line.rindex("http://") :].split()[0].strip('"')
    finally:
        process.kill()
        process.stderr.close()
        process.wait()


def fetch(url: str, headers: Mapping[str, str] = NO_HEADERS) -> str:
    """Return a page as OpenMetrics."""
    wanted = {"Accept": "application/openmetrics-text", **headers}
    asked = urllib.request.Request(url, headers=wanted)  # noqa: S310 - our own
    with urllib.request.urlopen(asked, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - likewise
        text: str = answer.read().decode()
        return text


def test_a_sidecar_serves_the_log_alone(tmp_path: Path) -> None:
    """Prometheus' parser reads the page; SIGTERM ends it."""
    path = tmp_path / "log"
    path.write_bytes(observed.in_format("run.raw.log"))
    with serving("log", str(path), "--nundb.log.from-start") as (process, url):
        wait_until(lambda: f'nundb_commands_total{{command="ack"}} {observed.RUN["verbs"]["ack"]}' in fetch(url))
        families = {family.name for family in parse_openmetrics(fetch(url))}  # type: ignore[no-untyped-call] # it has no types
        assert {name for name in families if not name.startswith("nundb_")} == set()
        assert "nundb_command_duration_seconds" in families
        assert "nundb_up" not in families
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0


def test_a_sidecars_first_page_leads_to_the_others(tmp_path: Path) -> None:
    """Whoever opens it in a browser sees what it is; each link answers."""
    with serving("log", str(tmp_path / "log")) as (_, url):
        first = urljoin(url, "/")
        page = fetch(first)
        links = re.findall(r'href="([^"]+)"', page)
        assert "nundb-exporter" in page
        assert [urlsplit(urljoin(first, link)).path for link in links] == ["/metrics", "/slow", "/-/healthy"]
        assert all(fetch(urljoin(first, link)) for link in links)


@pytest.mark.parametrize(("keys", "is_shown"), [("show", True), ("hide", False)])
def test_a_sidecar_lists_the_slowest_commands(keys: str, is_shown: bool, tmp_path: Path) -> None:
    """At /slow, as the exporter of a node does: of a pipe nobody else could. Keys are shown as the flag says."""
    path = tmp_path / "log"
    path.write_bytes(request(1, "get slow-key", "1.5s"))
    with serving("log", str(path), "--nundb.log.from-start", "--nundb.log.keys", keys) as (_, url):
        slow = url.replace("/metrics", "/slow")
        wait_until(lambda: "1.5 s" in fetch(slow))
        assert ("slow-key" in fetch(slow)) is is_shown


def test_a_sidecar_asks_for_the_users_of_the_web_configuration_file(tmp_path: Path) -> None:
    """What it serves has keys. Health may be left open to probes."""
    log, web = tmp_path / "log", tmp_path / "web.yml"
    log.write_bytes(request(1, "get slow-key", "1.5s"))
    web.write_text(f"basic_auth_users:\n  prometheus: {hashed('secret')}\n")
    with serving("log", str(log), "--web.config.file", str(web), "--web.open-health") as (_, url):
        for page in ("/metrics", "/slow"):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                fetch(url.replace("/metrics", page))
        assert "healthy" in fetch(url.replace("/metrics", "/-/healthy"))
        login = {"Authorization": f"Basic {base64.b64encode(b'prometheus:secret').decode()}"}
        assert "nundb_log_lines_total" in fetch(url, login)


def test_a_sidecar_at_a_pipe_ends_with_it() -> None:
    """`nun-db … | nundb-exporter log -` ends when Nun-db does."""
    reading, writing = os.pipe()
    with serving("log", "-", stdin=reading) as (process, url):
        os.close(reading)
        os.write(writing, record(1, "nun_db", "nundb starting!"))
        wait_until(lambda: 'nundb_log_events_total{event="start"} 1' in fetch(url))
        os.close(writing)
        assert process.wait(PATIENCE_SECONDS) == 0


def test_an_exporter_shows_the_log_beside_the_node(tmp_path: Path) -> None:
    """Also while the node is down."""
    path = tmp_path / "log"
    path.write_bytes(request(1, "get k"))
    flags = ("--collector.log", "--nundb.log.path", str(path), "--nundb.log.from-start")
    with serving("serve", "--nundb.url", "http://127.0.0.1:1", *flags) as (_, url):
        wait_until(lambda: 'nundb_commands_total{command="get"} 1' in fetch(url))
        page = fetch(url)
        assert "nundb_up 0" in page
        assert 'nundb_scrape_collector_success{collector="log"} 1' in page


def test_a_stopped_exporter_holds_nobody_up_who_writes_into_a_file(tmp_path: Path) -> None:
    """The writer goes on; all that was written meanwhile counts once the exporter goes on."""
    path = tmp_path / "log"
    path.write_bytes(request(1, "get k"))
    lines = 100_000  # far more than any pipe would hold
    with serving("log", str(path), "--nundb.log.from-start") as (process, page):
        wait_until(lambda: 'nundb_commands_total{command="get"} 1\n' in fetch(page))
        process.send_signal(signal.SIGSTOP)
        with path.open("ab") as file:
            file.write(b"".join(request(number, "set k v") for number in range(lines)))
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: f'nundb_commands_total{{command="set"}} {lines}\n' in fetch(page))
