"""How commands end on full disks, closed pipes and signals: not with exit code 1, which is a judgement."""

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.wire.behaviours import silent
from tests.wire.program import PROGRAM, environment
from tests.wire.scripted import ScriptedNode
from tests.wire.waiting import PATIENCE_SECONDS, until

NOWHERE = "http://127.0.0.1:1"
DEMO = ["demo", "--no-prometheus", "--port-base", "0", "--exporter-port", "0"]
REPORTS = (["check"], ["check", "--json"], ["pending", "--json"], ["--help"], ["serve", "--help"], ["--version"])


def run(*arguments: str, stdout: object = subprocess.PIPE, **variables: str) -> tuple[int, str]:
    """Run a command to its end with this standard output, and return its exit code and standard error."""
    ended = subprocess.run(
        [PROGRAM, *arguments],
        env=environment(NOWHERE, **variables),
        stdout=stdout,  # type: ignore[call-overload] # whatever subprocess takes
        stderr=subprocess.PIPE,
        timeout=PATIENCE_SECONDS,
        check=False,
        text=True,
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("arguments", REPORTS, ids=" ".join)
def test_a_full_disk_is_one_line_and_exit_code_3(arguments: list[str]) -> None:
    """The report is lost: whoever reads the exit code must not take it for a judgement."""
    with Path("/dev/full").open("wb") as full:
        code, said = run(*arguments, stdout=full)
    assert (code, said) == (3, "nundb-exporter: cannot write the output: no space left on device\n")


@pytest.mark.parametrize("arguments", REPORTS, ids=" ".join)
def test_a_closed_pipe_is_one_line_and_exit_code_3(arguments: list[str]) -> None:
    """Its reader has gone, as `head` does."""
    reading, writing = os.pipe()
    os.close(reading)
    code, said = run(*arguments, stdout=writing)
    os.close(writing)
    assert (code, said) == (3, "nundb-exporter: cannot write the output: broken pipe\n")


@pytest.mark.parametrize("arguments", [*REPORTS, DEMO], ids=" ".join)
def test_a_closed_standard_output_is_one_line_and_exit_code_3(arguments: list[str]) -> None:
    """As with `>&-` in a shell: nobody can have read the report."""
    shell = ["sh", "-c", 'exec "$@" >&-', "sh", str(PROGRAM), *arguments]
    ended = subprocess.run(
        shell, env=environment(NOWHERE), stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=False, text=True
    )
    expected = (3, "nundb-exporter: cannot write the output: it is closed\n")
    assert (ended.returncode, ended.stderr) == expected


def test_a_completion_that_cannot_be_printed_is_one_line() -> None:
    """A shell's start-up file may write it to a file."""
    with Path("/dev/full").open("wb") as full:
        code, said = run(stdout=full, _NUNDB_EXPORTER_COMPLETE="bash_source")
    assert (code, len(said.splitlines())) == (3, 1)


@pytest.mark.parametrize(("arguments", "code"), [(["check"], 1), (["pending"], 3), (["no-such-command"], 2)])
def test_a_standard_error_that_is_full_does_not_change_the_exit_code(arguments: list[str], code: int) -> None:
    """Only the text is lost; of `pending`, the answer itself goes there when the node is down."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [PROGRAM, *arguments], env=environment(NOWHERE), stdout=subprocess.PIPE, stderr=full, check=False
        )
    assert ended.returncode == code


def test_what_a_directory_cannot_take_is_named(tmp_path: Path) -> None:
    """A file stands where `generate` needs a directory."""
    (tmp_path / "deploy").write_text("in the way")
    code, said = run("generate", str(tmp_path))
    assert code == 3
    assert said.startswith(f"nundb-exporter: {tmp_path}/deploy")
    assert len(said.splitlines()) == 1


def test_a_full_disk_leaves_generated_files_as_they_were(tmp_path: Path) -> None:
    """A file is written whole or not at all: half a file with rules would be worse than an old one."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "cli.md").write_text("old")
    limited = f'ulimit -f 1; trap "" XFSZ; exec {PROGRAM} generate {tmp_path}'
    # Coverage could not write its own file either, and would say so.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    ended = subprocess.run(
        ["bash", "-c", limited], env=variables, capture_output=True, check=False, text=True, timeout=60
    )
    assert ended.returncode == 3
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"nundb-exporter: {tmp_path}/")
    assert "file too large" in line
    assert (tmp_path / "docs" / "cli.md").read_text() == "old"
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", ["check", "pending"])
async def test_a_signal_ends_a_report_at_once(command: str, number: signal.Signals, code: int) -> None:
    """There is nothing to save: no answer is waited for, and nothing is said."""
    async with ScriptedNode(silent) as node:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, command, "--timeout", "600", env=environment(node.url), stdout=-1, stderr=-1
        )
        try:
            await until(lambda: node.connections == 1)
            process.send_signal(number)
            async with asyncio.timeout(PATIENCE_SECONDS):
                said = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
    assert process.returncode == code
    assert said == (b"", b"")


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "dumb", "NO_COLOR": ""}])
async def test_a_terminal_without_colours_gets_none(variables: dict[str, str]) -> None:
    """A terminal that knows colours gets them; NO_COLOR means something unless it is empty."""
    assert b"\x1b[" in await _on_a_terminal({"TERM": "xterm", "NO_COLOR": ""})
    assert b"\x1b" not in await _on_a_terminal(variables)


async def _on_a_terminal(variables: dict[str, str]) -> bytes:
    """Return what `check` writes to a terminal."""
    ours, theirs = os.openpty()
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "check", env=environment(NOWHERE, **variables), stdout=theirs, stderr=theirs
    )
    assert await process.wait() == 1
    os.close(theirs)
    said = os.read(ours, 65536)
    os.close(ours)
    return said
