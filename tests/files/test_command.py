"""`nundb-exporter files DIR`: in words, as JSON, and as an exit code."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.wire.program import PROGRAM

from . import observed
from .writing import SNAPSHOT, UPDATE, DataDirectory


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run([PROGRAM, "files", *arguments], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dirty-valid", ["shop", "1 change", "1 database without any snapshot", "do not restart it yet"]),
        ("restart-loop", ["would end with code 101 each time", "delete oplog-nun.op while it is stopped"]),
        ("never-saved-invalid", ["(never saved)", "3 changes", "is marked invalid"]),
        (
            "keys-file-corrupt",
            ["database a: the key at byte 0 is not UTF-8", "copy the database over the network first"],
        ),
    ],
)
def test_a_directory_is_judged_in_words(name: str, words: list[str], tmp_path: Path) -> None:
    """What is saved, what a crash would lose, and what to do first."""
    ended = run(str(observed.directory(name, tmp_path)))
    assert (ended.returncode, ended.stderr) == (1, "")
    assert [word for word in words if word not in ended.stdout] == []


def test_a_node_whose_data_is_saved_may_be_restarted(tmp_path: Path) -> None:
    """Exit code 0, for a hook or a runbook."""
    data = DataDirectory(tmp_path)
    data.save("shop", 1, 60, city="Porto")
    data.fill([(0, 1, UPDATE), (2, 1, SNAPSHOT)], keys=1)
    ended = run(str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "may be restarted: everything in the operation log is saved" in ended.stdout


def test_a_report_is_one_json_object(tmp_path: Path) -> None:
    """With findings by the names of the runbook's entries."""
    ended = run(str(observed.directory("disk-full-snapshot", tmp_path)), "--json")
    report = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert report["may_restart"] is False
    assert [finding["id"] for finding in report["findings"]] == [
        "NundbRestartUnsafe",
        "NundbFilesDamaged",
        "NundbFilesDamaged",
        "NundbSnapshotNotDone",
        "NundbDatabaseNeverSaved",
    ]
    assert {detail["kind"] for detail in report["details"]} == {"restart", "values", "metadata"}
    assert report["oplog"]["records"] == 24


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_no_value_and_no_token_is_printed(flags: tuple[str, ...], tmp_path: Path) -> None:
    """They stand in the files in clear."""
    data = DataDirectory(tmp_path)
    data.save("shop", 1, 0, secretkey="secretvalue")
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    secrets = ("secretvalue", "database-token", "secretkey")
    assert all(secret.encode() in stored for secret in secrets)
    path = tmp_path / "shop-nun.data.keys"
    path.write_bytes(path.read_bytes()[:-1])
    printed = run(str(tmp_path), *flags).stdout
    assert "shop" in printed
    assert [secret for secret in secrets if secret in printed] == []


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ("missing", "cannot be read (no such file or directory)"),
        ("", "has no file of Nun-db"),
        ("file", "not a directory"),
    ],
)
def test_a_wrong_directory_is_one_clear_line(place: str, problem: str, tmp_path: Path) -> None:
    """Exit code 2, and what to name."""
    if place == "file":
        (tmp_path / place).touch()
    ended = run(str(tmp_path / place))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert problem in ended.stderr
    assert "NUN_DBS_DIR" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_names_cannot_command_a_terminal(tmp_path: Path) -> None:
    """A client may choose any."""
    data = DataDirectory(tmp_path)
    data.save("a\x1b[2Jb", 1, 60)
    assert "\x1b[2J" not in run(str(tmp_path)).stdout
