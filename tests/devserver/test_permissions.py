"""Permission lists: how they are read, written and applied."""

import pytest

from nundb_devserver.data.permissions import allows, parse_permissions


@pytest.mark.parametrize(
    ("text", "stored"),
    [("rw a*|r city", "rw a*|r city"), ("zz k", "rr k"), ("rw", "rw "), ("", " "), ("x a,b", "x a,b")],
)
def test_a_list_is_stored_as_the_server_understands_it(text: str, stored: str) -> None:
    """An unknown letter counts as read; a group without keys ends in a space."""
    assert "|".join(map(str, parse_permissions(text))) == stored


@pytest.mark.parametrize(
    ("text", "kind", "key", "is_allowed"),
    [
        ("rw a*", "w", "abc", True),
        ("rw a*", "w", "cab", False),
        ("r *c", "r", "abc", True),
        ("r b", "r", "abc", True),
        ("r b", "w", "abc", False),
        ("rw a|x c", "x", "c", True),
        ("rw", "r", "k", False),
        ("rw ", "r", "k", True),
    ],
)
def test_a_kind_is_allowed_for_the_keys_that_match(text: str, kind: str, key: str, is_allowed: bool) -> None:
    """An empty pattern is contained in every key; no pattern at all matches none."""
    assert allows(parse_permissions(text), kind, key) == is_allowed
