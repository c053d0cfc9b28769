"""Who joins, leaves and is promoted: the supervisor's commands (replication_ops.rs: start_replication_supervisor)."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from nundb_devserver import sync
from nundb_devserver.links import Link, Purpose
from nundb_devserver.log import MEMBERS, REPLICATION
from nundb_devserver.members import Member, Role
from nundb_devserver.replication import Operation
from nundb_devserver.store import ADMIN_DATABASE

if TYPE_CHECKING:
    from nundb_devserver.process import Process


PRIMARY_SYNC_SECONDS = 0.01
"""By how much the primary's sync comes after those of the secondaries: a join also makes it hold an election.

Theirs then find no database to write into; both orders have been seen of the original (tests/transcripts).
"""


class Topology:
    """The queue of changes to the member list: done one after another, each turn before any replication."""

    def __init__(self, process: "Process") -> None:
        self._process = process
        self._queue: deque[Callable[[], None]] = deque()

    def drain(self) -> None:
        """Do what is queued."""
        while self._queue:
            self._queue.popleft()()

    def join(self, name: str) -> None:
        """Queue: this node, the primary, takes a secondary in."""
        self._put(lambda: self._join(name))

    def follow(self, name: str) -> None:
        """Queue: this node, a secondary, has been told who is the primary."""
        self._put(lambda: self._follow(name))

    def meet(self, name: str) -> None:
        """Queue: this node, a secondary, has been told of another one, which may be itself."""
        self._put(lambda: self._meet(name))

    def leave(self, name: str) -> None:
        """Queue: a member has gone."""
        self._put(lambda: self._leave(name))

    def bring_up_to_date(self, name: str, since: int) -> None:
        """Queue: a member wants everything since an operation id."""
        self._put(lambda: self._bring_up_to_date(name, since))

    def win(self) -> None:
        """Queue: this node is the primary, and tells the others."""
        self._put(self._win)

    def _put(self, change: Callable[[], None]) -> None:
        self._queue.append(change)
        self._process.wake()

    def _join(self, name: str) -> None:
        if name in self._process.members:
            # The original's process ends here (protocol notes 2.3); ours forgets the member as it was.
            if self._process.fail("Re-adding a secoundary that alrady exists!!!"):  # sic
                return
            self._process.members.remove(name)
        link = Link(self._process, name, Purpose.PRIMARY_TO_SECONDARY)
        self._introduce(name, link)
        link.send(f"replicate-join {name}")
        self._add(name, Role.SECONDARY, link)

    def _follow(self, name: str) -> None:
        if name in self._process.members:
            self._process.log.write(MEMBERS, f"Promoting {name} to primary")
            self._process.members.promote(name)
            return
        link = Link(self._process, name, Purpose.SECONDARY_TO_PRIMARY)
        self._introduce(name, link)
        self._add(name, Role.PRIMARY, link)

    def _meet(self, name: str) -> None:
        if name in self._process.members:
            return
        link = Link(self._process, name, Purpose.SECONDARY_TO_SECONDARY)
        self._introduce(name, link)
        self._add(name, Role.SECONDARY, link)

    def _leave(self, name: str) -> None:
        if name == self._process.name:
            self._process.log.write(
                REPLICATION,
                f"[start_replication_creator_thread-leave] Ignoring leave {name} "
                "because it is from the same server sending the message!",
            )
            return
        self._process.log.write(REPLICATION, f"[start_replication_creator_thread] removing {name} from the cluster!!")
        self._process.members.remove(name)

    def _bring_up_to_date(self, name: str, since: int) -> None:
        member = self._process.members.get(name)
        if member is None:
            self._process.log.write(REPLICATION, "Error tryting to replicate to a non existent member")  # sic
            return
        # With nothing to send there is nothing to be late with: what is written from now on, the member gets anyhow.
        is_empty = set(self._process.databases) == {ADMIN_DATABASE}
        if self._process.role is Role.SECONDARY or is_empty:
            self._send_sync(member, since)
        else:
            self._process.spawn(self._send_sync_late(member, since))

    async def _send_sync_late(self, member: Member, since: int) -> None:
        await self._process.sleep(PRIMARY_SYNC_SECONDS)
        self._send_sync(member, since)

    def _send_sync(self, member: Member, since: int) -> None:
        for line in sync.lines(self._process, since):
            self._process.replicator.hand_over(member, line)

    def _win(self) -> None:
        self._process.members.add(Member(self._process.name, Role.PRIMARY, None))
        self._process.replicator.offer(Operation(f"set-primary {self._process.name}"))

    def _introduce(self, name: str, link: Link) -> None:
        """Tell the new member of the secondaries, and them of it."""
        for member in self._process.members.with_role(Role.SECONDARY):
            link.send(f"replicate-join {member.name}")
            if member.outlet is None:
                self._process.log.write(REPLICATION, "[start_replication_creator_thread] not replicate_join None found")
            else:
                member.outlet.send(f"replicate-join {name}")

    def _add(self, name: str, role: Role, link: Link) -> None:
        self._process.members.add(Member(name, role, link))
        self._process.spawn(link.dial())
