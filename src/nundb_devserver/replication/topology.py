"""Who joins, leaves and is promoted: the supervisor's commands (replication_ops.rs: start_replication_supervisor)."""

from collections import deque
from collections.abc import Callable
from typing import Final

from nundb_devserver.clockwork import Clockwork
from nundb_devserver.data.members import Member, Outlet, Purpose, Role
from nundb_devserver.data.store import ADMIN_DATABASE
from nundb_devserver.log import MEMBERS, REPLICATION
from nundb_devserver.replication import sync
from nundb_devserver.replication.operations import Operation
from nundb_devserver.replication.replicator import Replicator
from nundb_devserver.state import State

Dial = Callable[[str, Purpose], Outlet]
"""Begins to connect to a node, and returns what takes lines for it meanwhile and from then on."""

PRIMARY_SYNC_SECONDS: Final = 0.01
"""By how much the primary's sync comes after those of the secondaries: a join also makes it hold an election.

Theirs then find no database to write into; both orders have been seen of the original (tests/transcripts).
"""


class Topology:
    """The queue of changes to the member list: done one after another, each turn before any replication."""

    def __init__(self, state: State, clockwork: Clockwork, replicator: Replicator, dial: Dial) -> None:
        self._state = state
        self._clockwork = clockwork
        self._replicator = replicator
        self._dial = dial
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
        self._clockwork.wake()

    def _join(self, name: str) -> None:
        if name in self._state.members:
            # The original's process ends here (protocol notes 2.3); ours forgets the member as it was.
            if self._state.fail("Re-adding a secoundary that alrady exists!!!"):  # sic
                return
            self._state.members.remove(name)
        link = self._dial(name, Purpose.PRIMARY_TO_SECONDARY)
        self._introduce(name, link)
        link.send(f"replicate-join {name}")
        self._state.members.add(Member(name, Role.SECONDARY, link))

    def _follow(self, name: str) -> None:
        if name in self._state.members:
            self._state.log.write(MEMBERS, f"Promoting {name} to primary")
            self._state.members.promote(name)
            return
        link = self._dial(name, Purpose.SECONDARY_TO_PRIMARY)
        self._introduce(name, link)
        self._state.members.add(Member(name, Role.PRIMARY, link))

    def _meet(self, name: str) -> None:
        if name in self._state.members:
            return
        link = self._dial(name, Purpose.SECONDARY_TO_SECONDARY)
        self._introduce(name, link)
        self._state.members.add(Member(name, Role.SECONDARY, link))

    def _leave(self, name: str) -> None:
        if name == self._state.name:
            self._state.log.write(
                REPLICATION,
                f"[start_replication_creator_thread-leave] Ignoring leave {name} "
                "because it is from the same server sending the message!",
            )
            return
        self._state.log.write(REPLICATION, f"[start_replication_creator_thread] removing {name} from the cluster!!")
        self._state.members.remove(name)

    def _bring_up_to_date(self, name: str, since: int) -> None:
        member = self._state.members.get(name)
        if member is None:
            self._state.log.write(REPLICATION, "Error tryting to replicate to a non existent member")  # sic
            return
        # With nothing to send there is nothing to be late with: what is written from now on, the member gets anyhow.
        is_empty = set(self._state.databases) == {ADMIN_DATABASE}
        if self._state.role is Role.SECONDARY or is_empty:
            self._send_sync(member, since)
        else:
            self._clockwork.spawn(self._send_sync_late(member, since))

    async def _send_sync_late(self, member: Member, since: int) -> None:
        await self._clockwork.sleep(PRIMARY_SYNC_SECONDS)
        self._send_sync(member, since)

    def _send_sync(self, member: Member, since: int) -> None:
        for line in sync.lines(self._state, since):
            self._replicator.send(member, line)

    def _win(self) -> None:
        self._state.members.add(Member(self._state.name, Role.PRIMARY, None))
        self._replicator.offer(Operation(f"set-primary {self._state.name}"))

    def _introduce(self, name: str, link: Outlet) -> None:
        """Tell the new member of the secondaries, and them of it."""
        for member in self._state.members.with_role(Role.SECONDARY):
            link.send(f"replicate-join {member.name}")
            if member.outlet is None:
                self._state.log.write(REPLICATION, "[start_replication_creator_thread] not replicate_join None found")
            else:
                member.outlet.send(f"replicate-join {name}")
