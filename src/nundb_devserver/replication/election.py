"""Elections: the oldest process wins; no terms, no quorum (election_ops.rs; protocol notes 6.4)."""

from typing import Final

from nundb_devserver.clockwork import Clockwork, Work
from nundb_devserver.data.members import Role
from nundb_devserver.log import ELECTIONS
from nundb_devserver.replication.operations import Operation
from nundb_devserver.replication.replicator import Replicator
from nundb_devserver.replication.topology import Topology
from nundb_devserver.state import State

_POLL_SECONDS: Final = 0.002
"""How often a candidate looks whether it has been acknowledged; elections are rare, so polling costs nothing."""
_OBJECTION_SECONDS: Final = 0.1
"""How long an acknowledged candidate waits for an older one to object."""


class Election:
    """How one node takes part in elections. Nothing is kept between two of them but the node's role."""

    def __init__(self, state: State, clockwork: Clockwork, replicator: Replicator, topology: Topology) -> None:
        self._state = state
        self._clockwork = clockwork
        self._replicator = replicator
        self._topology = topology

    async def start_up(self, waiting_seconds: float) -> None:
        """Hold the first election, unless another node has told this one its place by then."""
        self._log("will run start_inital_election in 1s")  # sic
        await self._clockwork.sleep(waiting_seconds)
        self._log("calling start_election")
        if self._state.role is Role.STARTING_UP:
            work = self._stand()
            if work is not None:
                await work
        else:
            self._log("Will not run start_election at this node, because it is not eligible")

    def start_anew(self) -> Work | None:
        """Give up any role and stand for primary; the rest of it, if it takes its time, is returned."""
        self._log(f"Will start new election from {self._state.name}")
        self._state.role = Role.STARTING_UP
        return self._stand()

    def answer(self, candidate_id: int, node: str) -> Work | None:
        """Answer a candidate: a younger one is stood against, an older one is followed."""
        state = self._state
        self._log(
            f"Election received [candidate_id : {candidate_id}, node_name : {node} ] , "
            f"dbs : [process_id : {state.process_id}, {state.name} ]"
        )
        if candidate_id > state.process_id:
            self._log("Will run the start_election")
            return self._stand()
        if candidate_id < state.process_id:
            self._log("Won't run the start_election")
            self._replicator.offer(Operation(f"election alive {state.name}"))
            state.role = Role.SECONDARY
        return None

    def win(self) -> None:
        """Become the primary now."""
        self._log(f"Setting this server as a primary! tcp_address : {self._state.name}")
        self._topology.win()
        self._state.role = Role.PRIMARY

    def _stand(self) -> Work | None:
        """Stand for primary: alone, win at once; else ask every member, and wait for what they say."""
        state = self._state
        self._log("Will start election")
        if len(state.members) <= 1:
            self._log("Only one node in the cluster, will set as primary")
            self.win()
            return None
        operation_id = self._replicator.offer(Operation(f"election candidate {state.process_id} {state.name}"))
        self._clockwork.turn()
        polls = round(state.options.election_timeout_seconds / _POLL_SECONDS)
        if state.pending.get(operation_id) is None:
            return self._win_after(polls)
        return self._win_unless_objected_to(operation_id, polls)

    async def _win_after(self, polls: int) -> None:
        # A node that is not starting up asks no other: the original then waits in vain, and wins.
        for _ in range(polls):
            await self._clockwork.sleep(_POLL_SECONDS)
        self.win()

    async def _win_unless_objected_to(self, operation_id: int, polls: int) -> None:
        state = self._state
        # One poll more than in `_win_after`, as in the original.
        for _ in range(polls + 1):
            if state.pending.get(operation_id) is None:
                break
            if state.role is not Role.STARTING_UP:
                self._log("No longer eligible to be primary, will stop election")
                return
            await self._clockwork.sleep(_POLL_SECONDS)
        else:
            self._log("Election timeout, will claim as primary")
            self.win()
            return
        self._log("Election acks received")
        await self._clockwork.sleep(_OBJECTION_SECONDS)
        if state.role is Role.STARTING_UP:
            self._log("winning the election")
            self.win()

    def _log(self, message: str) -> None:
        self._state.log.write(ELECTIONS, message)
