"""What users may do with which keys (security.rs; protocol notes 3.5)."""

from dataclasses import dataclass
from typing import Final

_KINDS: Final = "rwix"
"""Read, write, increment, remove. Any other letter counts as read."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One group of a permission list: some kinds, for some key patterns."""

    kinds: str
    patterns: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kinds} {','.join(self.patterns)}"


def parse_permission(text: str) -> Permission:
    """Read one group, `<kinds> <pattern>,<pattern>`."""
    kinds, separator, patterns = text.partition(" ")
    return Permission(
        "".join(kind if kind in _KINDS else "r" for kind in kinds),
        tuple(patterns.split(",")) if separator else (),
    )


def parse_permissions(text: str) -> tuple[Permission, ...]:
    """Read a list, groups joined by `|`."""
    return tuple(parse_permission(group) for group in text.split("|"))


def matches(pattern: str, key: str) -> bool:
    """Tell whether a key fits: `p*` starts with, `*s` ends with, anything else is contained."""
    if pattern.endswith("*"):
        return key.startswith(pattern.replace("*", ""))
    if pattern.startswith("*"):
        return key.endswith(pattern.replace("*", ""))
    return pattern in key


def allows(permissions: tuple[Permission, ...], kind: str, key: str) -> bool:
    """Tell whether any group has this kind for this key."""
    return any(
        kind in permission.kinds and any(matches(pattern, key) for pattern in permission.patterns)
        for permission in permissions
    )
