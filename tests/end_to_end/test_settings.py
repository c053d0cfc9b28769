"""Settings that cannot be used: exit 2, and one line that names the setting and the cure, and no secret."""

import logging
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nundb_exporter.cli import main
from tests.wire.program import run

MARK = "m4rked-secret"
GOOD_URL = "http://127.0.0.1:1"


Refused = Callable[..., str]


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Refused]:
    """Yield a function that runs the command line within this process, and returns the line with which it refuses."""
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run_refused(*arguments: str, **variables: str | None) -> str:
        for name in ("NUN_URL", "NUN_USER", "NUN_PWD", "NUN_PWD_FILE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"NUN_URL": GOOD_URL, "NUN_USER": "nun", "NUN_PWD": MARK, **variables}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["nundb-exporter", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        assert ended.value.code == 2
        assert not said.out
        (line,) = said.err.splitlines()
        assert line.startswith("nundb-exporter: ")
        assert MARK not in line
        return line

    yield run_refused
    for number, handler in signals.items():
        signal.signal(number, handler)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("variables", "named", "cure"),
    [
        ({"NUN_USER": None}, "NUN_USER", "is not set"),
        ({"NUN_USER": ""}, "NUN_USER", "is not set"),
        ({"NUN_PWD": None}, "NUN_PWD", "NUN_PWD_FILE"),
        ({"NUN_PWD": ""}, "NUN_PWD", "is not set"),
        ({"NUN_USER": f"a;{MARK}"}, "NUN_USER", "semicolon"),
        ({"NUN_USER": f"a\n{MARK}"}, "NUN_USER", "newline"),
        ({"NUN_USER": f"a {MARK}"}, "NUN_USER", "space"),
        ({"NUN_PWD": f"a;{MARK}"}, "NUN_PWD", "semicolon"),
        ({"NUN_PWD": f"a\n{MARK}"}, "NUN_PWD", "newline"),
        ({"NUN_PWD": f"{MARK}\r"}, "NUN_PWD", "carriage return"),
        ({"NUN_PWD": f"{MARK}\n\n"}, "NUN_PWD", "newline"),
        ({"NUN_PWD": f"a\u200b{MARK}"}, "NUN_PWD", "zero-width character at position 2"),
        ({"NUN_USER": f"{MARK}\x1b"}, "NUN_USER", f"control character at position {len(MARK) + 1}"),
        ({"NUN_PWD": f" {MARK}"}, "NUN_PWD", "white space"),
        ({"NUN_PWD": f"{MARK}\udcff"}, "NUN_PWD", "UTF-8"),
        ({"NUN_PWD_FILE": "/no/such/file"}, "NUN_PWD_FILE", "no such file"),
        ({"NUN_PWD_FILE": "/"}, "NUN_PWD_FILE", "is a directory"),
        ({"NUN_URL": "localhost:3013"}, "NUN_URL", "http"),
        ({"NUN_URL": "redis://localhost:3013"}, "NUN_URL", "http, https"),
        ({"NUN_URL": "http://"}, "NUN_URL", "as in http://localhost:3013"),
        ({"NUN_URL": "http://localhost:99999"}, "NUN_URL", "http://localhost:3013"),
        ({"NUN_URL": "http://[::1"}, "NUN_URL", "http://localhost:3013"),
        ({"NUN_URL": f"http://{'a' * 64}.test"}, "NUN_URL", "host"),
        ({"NUN_URL": "http://localhost:3013/?a=b"}, "NUN_URL", "path"),
        ({"NUN_URL": f"http://nun:{MARK}@localhost:3013"}, "NUN_URL", "NUN_PWD"),
        ({"NUN_URL": f"nun://nun:{MARK}@localhost:3013"}, "NUN_URL", "http"),
        ({"NUNDB_EXPORTER_WEB_LISTEN_ADDRESS": "  "}, "--web.listen-address: names no address", ":9898"),
        ({"NUNDB_EXPORTER_WEB_MAX_REQUESTS": "many"}, "--web.max-requests", "many"),
        ({"NUNDB_EXPORTER_LOG_LEVEL": "loud"}, "--log.level", "debug"),
    ],
)
def test_a_wrong_variable_is_refused(variables: dict[str, str | None], named: str, cure: str, refused: Refused) -> None:
    """Every command that asks a node refuses alike; variables of the exporter alone are nothing to the others."""
    is_of_all = all(name.startswith("NUN_") for name in variables)
    for command in ("serve", "check", "pending") if is_of_all else ("serve",):
        line = refused(command, **variables)
        assert named in line
        assert cure in line


async def test_a_file_of_keys_that_python_cannot_write_is_told(tmp_path: Path) -> None:
    """Not as a fault of a file that nobody has named."""
    ended = await run("check", url="https://127.0.0.1:1", SSLKEYLOGFILE=str(tmp_path / "none" / "keys"))
    told = "SSLKEYLOGFILE: names a file that cannot be written (no such file or directory); unset the variable"
    assert told in ended.stderr
    assert (ended.code, len(ended.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--no-such-flag"], "--no-such-flag"),
        (["serv"], "Did you mean 'serve'?"),
        (["help"], "No such command 'help'; see nundb-exporter --help"),
        (["http://localhost:3013"], "set NUN_URL to it"),
        ([f"http://nun:{MARK}@localhost:3013"], "set NUN_URL to it"),
        (["serve", f"http://nun:{MARK}@localhost:3013"], "http://****@localhost:3013"),
        (["serve", "--no-such-flag"], "see nundb-exporter serve --help"),
        (["--nundb.process", "9" * 5000], "--nundb.process"),
        (["serve", "--collector.oplogs"], "--collector.oplogs"),
        (["check", "--no-such-flag"], "--no-such-flag"),
        (["--web.listen-address", "9898"], ":9898"),
        (["--web.listen-address", "localhost"], "--web.listen-address"),
        (["--web.listen-address", "::1:9898"], "[::1]:9898"),
        (["--web.listen-address", ":70000"], "--web.listen-address"),
        (["--web.listen-address", "no-such-host.invalid:0"], "--web.listen-address"),
        (["--web.listen-address", "192.0.2.1:0"], "--web.listen-address"),
        (["--web.telemetry-path", "metrics"], "--web.telemetry-path"),
        (["--web.telemetry-path", "/"], "--web.telemetry-path"),
        (["--web.max-requests", "0"], "--web.max-requests"),
        (["--timeout-offset", "nan"], "--timeout-offset"),
        (["--timeout-offset", "inf"], "--timeout-offset"),
        (["--timeout-offset", "-1"], "--timeout-offset"),
        (["check", "--timeout", "nan"], "--timeout"),
        (["pending", "--timeout", "-1"], "--timeout"),
        (["--collector.transports.ports", "http=1"], "--collector.transports.ports"),
        (["--collector.pending.max-operations", "-1"], "--collector.pending.max-operations"),
        (
            ["--nundb.url", "https://localhost:1", "--nundb.tls.ca-file", "/no/such/file"],
            "--nundb.tls.ca-file: cannot read /no",
        ),
        (
            ["--nundb.url", "wss://localhost:1", "--nundb.tls.cert-file", "/no/such/file"],
            "--nundb.tls.cert-file: cannot read /no",
        ),
        (["--nundb.tls.server-name", ".test"], "--nundb.tls.server-name"),
        (["--config.file", "/no/such/file"], "--config.file"),
        (["check", f"http://nun:{MARK}@localhost:3013"], " URL 1: "),
        (["check", "http://localhost:1", f"http://nun:{MARK}@localhost:3013"], " URL 2: "),
    ],
)
def test_a_wrong_argument_is_refused(arguments: list[str], named: str, refused: Refused) -> None:
    """The line names the flag, or what was typed in its place."""
    assert named in refused(*arguments)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("modules: {default: {usr: nun}}", "did you mean user?"),
        ("modules:\n  default:\n    user: nun\n    colectors: []\n", "config.yaml:4: "),
        ("module: {}", "did you mean modules?"),
        ("modules: {default: {collectors: [oplogs]}}", "did you mean oplog?"),
        ("modules: {default: {databases: [{name: a b, token_file: TOKEN}]}}", "space"),
        ("modules: {default: {databases: [{name: 'a;b', token_file: TOKEN}]}}", "semicolon"),
        (
            "modules: {default: {databases: [{name: a, token_file: /no/such/file}]}}",
            "modules.default.databases.0.token_file: ",
        ),
        (
            "modules: {default: {databases: [{name: a, token_file: BROKEN}]}}",
            "modules.default.databases.0.token_file: ",
        ),
        ("modules: {default: {databases: [{name: a}]}}", "token_file"),
        (f"modules: {{default: {{max_pending_operations: {MARK}}}}}", "max_pending_operations"),
        ("modules: [", "config.yaml:1: "),
        (f"{MARK}", "config.yaml:1: "),
        ("a: b: c", "config.yaml:1: "),
        ("\x00", "config.yaml:1: "),
    ],
)
def test_a_wrong_file_is_refused(text: str, named: str, tmp_path: Path, refused: Refused) -> None:
    """The line names the file's line and the nearest key that is known, and quotes nothing of it."""
    (tmp_path / "token").write_text("a-token\n", "utf-8")
    (tmp_path / "broken").write_text(f"two words; {MARK}\n", "utf-8")
    config = tmp_path / "config.yaml"
    text = text.replace("TOKEN", str(tmp_path / "token")).replace("BROKEN", str(tmp_path / "broken"))
    config.write_text(text, "utf-8")
    assert named in refused("--config.file", str(config))


async def test_the_program_itself_refuses_so() -> None:
    """One line on standard error, nothing else, exit 2: for a variable, a flag, and a URL that holds a password."""
    for arguments, variables in (
        ((), {"NUN_PWD": None}),
        (("--no-such-flag",), {}),
        (("check", f"http://nun:{MARK}@localhost:3013"), {}),
    ):
        ended = await run(*arguments, url=GOOD_URL, **variables)
        assert (ended.code, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
        assert MARK not in ended.stderr


async def test_help_needs_no_setting() -> None:
    """It names every variable."""
    helped = await run("serve", "--help", url=None, NUN_USER=None, NUN_PWD=None)
    assert helped.code == 0
    assert all(name in helped.stdout for name in ("NUN_URL", "NUN_USER", "NUN_PWD_FILE", "NUN_PWD"))


async def test_the_version_needs_no_setting() -> None:
    """It is told on one line with the program's name."""
    versioned = await run("--version", url=None, NUN_USER=None, NUN_PWD=None)
    assert versioned.code == 0
    assert versioned.stdout.startswith("nundb-exporter")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("nundb-exporter ", {"serve", "check", "pending"}),
        ("nundb-exporter ch", {"check"}),
        ("nundb-exporter --web.", {"--web.listen-address", "--web.telemetry-path", "--web.max-requests"}),
        ("nundb-exporter serve --log.level ", {"debug", "info", "warning", "error"}),
        ("nundb-exporter --log.format j", {"json"}),
        ("nundb-exporter check --js", {"--json"}),
        ("nundb-exporter --log.level WAR", {"warn", "warning"}),
        ("nundb-exporter --log.level = WAR", {"warn", "warning"}),
        ("nundb-exporter serve --log.level =", {"debug", "info", "warning", "error"}),
        ("nundb-exporter --log.format = json --log.level = d", {"debug"}),
    ],
)
async def test_a_shell_completes(words: str, offered: set[str]) -> None:
    """Subcommands, flags and their values, for `serve` without its name too."""
    position = str(len(words.split(" ")) - 1)
    ended = await run(
        url=None, _NUNDB_EXPORTER_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=position, NUN_USER=None
    )
    found = {line.partition(",")[2] for line in ended.stdout.splitlines()}
    assert offered <= found
    assert all(value.startswith(words.rpartition(" ")[2].lower().strip("=")) for value in found)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("before", ["", "serve ", "--log.format=json "])
async def test_a_shell_completes_the_value_of_a_flag_in_the_same_word(shell: str, before: str) -> None:
    """A shell that does not end its words at `=` replaces the flag too."""
    word = "--log.level=de"
    words = f"nundb-exporter {before}{word}"
    position = word if shell == "fish" else str(len(words.split()) - 1)
    ended = await run(url=None, _NUNDB_EXPORTER_COMPLETE=f"{shell}_complete", COMP_WORDS=words, COMP_CWORD=position)
    assert "--log.level=debug" in re.split(r"[\n,]", ended.stdout)


@pytest.mark.parametrize(
    "variables",
    [
        {"_NUNDB_EXPORTER_COMPLETE": "tcsh_source"},
        {"_NUNDB_EXPORTER_COMPLETE": "1"},
        {"_NUNDB_EXPORTER_COMPLETE": "bash_complete", "COMP_WORDS": None},
        {"_NUNDB_EXPORTER_COMPLETE": "bash_complete", "COMP_WORDS": "nundb-exporter", "COMP_CWORD": "one"},
    ],
)
def test_what_no_shell_asks_for_is_refused(variables: dict[str, str | None], refused: Refused) -> None:
    """The line names the shells that there are."""
    assert "set it to bash_source, zsh_source or fish_source" in refused("check", **variables)


@pytest.mark.parametrize("flag", ["--config.file", "--nundb.password-file", "--nundb.tls.ca-file"])
async def test_a_shell_completes_the_names_of_files(flag: str) -> None:
    """It is told to offer its own."""
    words = f"nundb-exporter {flag} /e"
    ended = await run(
        url=None, _NUNDB_EXPORTER_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD="2", NUN_USER=None
    )
    assert ended.stdout.splitlines() == ["file,/e"]


@pytest.mark.parametrize(
    ("shell", "own"), [("bash", "compopt"), ("zsh", "compset -P '--*='"), ("fish", 'echo "$flag$path"')]
)
async def test_the_script_for_a_shell_is_printed(shell: str, own: str) -> None:
    """As `eval "$(_NUNDB_EXPORTER_COMPLETE=bash_source nundb-exporter)"` wants it."""
    ended = await run(url=None, _NUNDB_EXPORTER_COMPLETE=f"{shell}_source", NUN_USER=None)
    assert ended.code == 0
    assert "_NUNDB_EXPORTER_COMPLETE" in ended.stdout
    assert own in ended.stdout
    assert "nundb-exporter" in ended.stdout


def test_of_several_nodes_none_is_the_hosts(tmp_path: Path, refused: Refused) -> None:
    """Its process is told by the port of the only node's URL."""
    file = tmp_path / "nundb.yml"
    file.write_text("targets: {nodes: [http://127.0.0.1:1, http://127.0.0.1:2]}")
    line = refused("--config.file", str(file), "--collector.host", NUN_URL=None)
    assert "--collector.host: cannot tell the process of one node from several; name it with --nundb.process" in line
