"""Directories of a real Nun-db: each gives its findings, and no other."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from . import observed
from .writing import seen, shown, wrong


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What was done to the node, in numbers."""

    never_saved: int = 0
    unsaved: int = 0
    """Changes of saved databases."""
    nameless: int = 0
    """Changes of databases that were never saved."""
    is_valid: bool = True
    is_safe: bool = True
    unknown_keys: int = 0
    is_asked: bool = False
    """Whether a snapshot was asked for and not done."""
    files: int = 1
    wrong: frozenset[tuple[str, str]] = frozenset()


EXPECTED = {
    "after-sigint": Expected(unsaved=1),
    "dirty-valid": Expected(never_saved=1, unsaved=1),
    "disk-full-snapshot": Expected(
        never_saved=2,
        nameless=21,
        is_safe=False,
        is_asked=True,
        wrong=frozenset({("restart", ""), ("metadata", "big"), ("values", "big")}),
    ),
    "keys-file-corrupt": Expected(wrong=frozenset({("keys", "a")})),
    "never-saved-invalid": Expected(never_saved=2, nameless=3, is_valid=False, unknown_keys=3),
    "oplog-segments": Expected(never_saved=1, nameless=221, is_valid=False, unknown_keys=5, files=12),
    "reclaimed": Expected(never_saved=1),
    "removed-key": Expected(never_saved=1),
    "restart-loop": Expected(
        never_saved=1,
        nameless=20,
        is_safe=False,
        is_asked=True,
        unknown_keys=20,
        wrong=frozenset({("restart", "")}),
    ),
    "saved-valid": Expected(never_saved=1),
}


def test_every_directory_is_expected() -> None:
    """A new one needs its findings."""
    assert set(EXPECTED) == set(observed.NAMES)


@pytest.mark.parametrize("name", observed.NAMES)
def test_a_directory_gives_its_findings_and_no_other(name: str, tmp_path: Path) -> None:
    """As the recordings of the same nodes tell what was done to them."""
    look = seen(observed.directory(name, tmp_path))
    values = shown(look)
    unsaved = {labels[1]: value for labels, value in values.items() if labels[0] == "database_unsaved_operations"}
    found = Expected(
        never_saved=int(values["databases_never_saved",]),
        unsaved=int(sum(value for database, value in unsaved.items() if database)),
        nameless=int(unsaved[""]),
        is_valid=bool(values["oplog_valid",]),
        is_safe=bool(values["restart_safe",]),
        unknown_keys=int(values["oplog_unknown_keys",]),
        is_asked=any(labels[0] == "database_snapshot_asked_timestamp_seconds" for labels in values),
        files=int(values["oplog_files",]),
        wrong=frozenset(wrong(look)),
    )
    assert found == EXPECTED[name]
    assert values["oplog_torn",] == 0
    assert values["databases_colliding",] == 0
    assert values["files_unread_bytes",] == 0


def test_a_snapshot_is_as_old_as_its_metadata(tmp_path: Path) -> None:
    """A snapshot without a change writes nothing else."""
    values = shown(seen(observed.directory("after-sigint", tmp_path)))
    assert values["database_snapshot_timestamp_seconds", "shop"] == pytest.approx(1795624763.0894997)
    assert values["database_snapshot_timestamp_seconds", "never"] == pytest.approx(1795624765.4061272)
