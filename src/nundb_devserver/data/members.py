"""The members of a cluster as one node lists them (bo.rs; protocol notes 6.6).

A node's own state and its list of members are two things that may disagree: the first decides how it acts, the second
is what `cluster-state` prints.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Protocol


class Role(Enum):
    """What a node is, in the words of the wire."""

    STARTING_UP = "StartingUp"
    PRIMARY = "Primary"
    SECONDARY = "Secoundary"  # sic


class Purpose(Enum):
    """Who dials whom."""

    PRIMARY_TO_SECONDARY = auto()
    SECONDARY_TO_PRIMARY = auto()
    SECONDARY_TO_SECONDARY = auto()


class Outlet(Protocol):
    """The way to a member: anything that takes lines for it."""

    def send(self, line: str) -> None:
        """Send a line, now or when the connection is up."""

    def release(self) -> None:
        """No more lines will come."""


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the list. The primary lists itself without an outlet."""

    name: str
    role: Role
    outlet: Outlet | None


class Members:
    """The list of one node."""

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def all(self) -> tuple[Member, ...]:
        """Return every member, in the order of arrival."""
        return tuple(self._members.values())

    def with_role(self, role: Role) -> tuple[Member, ...]:
        """Return the members of one role."""
        return tuple(member for member in self._members.values() if member.role is role)

    def get(self, name: str) -> Member | None:
        """Return one member."""
        return self._members.get(name)

    def add(self, member: Member) -> None:
        """Add or replace a member; a new primary makes every other one a secondary."""
        if member.role is Role.PRIMARY:
            for name, other in self._members.items():
                self._members[name] = replace(other, role=Role.SECONDARY)
        replaced = self._members.get(member.name)
        self._members[member.name] = member
        if replaced is not None and replaced.outlet is not None and replaced.outlet is not member.outlet:
            replaced.outlet.release()

    def promote(self, name: str) -> None:
        """Make a member the primary, and every other one a secondary."""
        self.add(replace(self._members[name], role=Role.PRIMARY))

    def remove(self, name: str) -> None:
        """Drop a member, if it is there."""
        member = self._members.pop(name, None)
        if member is not None and member.outlet is not None:
            member.outlet.release()

    def text(self, own_names: tuple[str, ...], *, with_connections: bool = True) -> str:
        """Return the list as `cluster-state` prints it; `Connected` only means that there is an outlet."""
        entries = sorted(_entry(member, own_names, with_connections) for member in self._members.values())
        return "".join(f" {entry}," for entry in entries)


def _entry(member: Member, own_names: tuple[str, ...], with_connections: bool) -> str:
    if not with_connections:
        return f"{member.name}:{member.role.value}"
    if member.name in own_names:
        return f"{member.name}(self):{member.role.value} "
    connection = "Disconnected" if member.outlet is None else "Connected"
    return f"{member.name}({connection}):{member.role.value}"
