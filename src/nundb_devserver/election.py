"""Elections: the oldest process wins; no terms, no quorum (election_ops.rs; protocol notes 6.4)."""

from typing import TYPE_CHECKING

from nundb_devserver.lane import Work
from nundb_devserver.log import ELECTIONS
from nundb_devserver.members import Role
from nundb_devserver.replication import Operation

if TYPE_CHECKING:
    from nundb_devserver.process import Process

POLL_SECONDS = 0.002
"""How often a candidate looks whether it has been acknowledged; elections are rare, so polling costs nothing."""
SETTLING_SECONDS = 0.1
"""How long an acknowledged candidate waits for an older one to object."""


async def start_up(process: "Process", waiting_seconds: float) -> None:
    """Hold the first election, unless somebody has told this node its place by then."""
    process.log.write(ELECTIONS, "will run start_inital_election in 1s")  # sic
    await process.sleep(waiting_seconds)
    process.log.write(ELECTIONS, "calling start_election")
    if process.role is Role.STARTING_UP:
        work = stand(process)
        if work is not None:
            await work
    else:
        process.log.write(ELECTIONS, "Will not run start_election at this node, because it is not eligible")


def start_anew(process: "Process") -> Work | None:
    """Give up any role and stand for primary; the rest of it, if it takes its time, is returned."""
    process.log.write(ELECTIONS, f"Will start new election from {process.name}")
    process.role = Role.STARTING_UP
    return stand(process)


def evaluate(process: "Process", candidate_id: int, node: str) -> Work | None:
    """Answer a candidate: a younger one is stood against, an older one is followed."""
    process.log.write(
        ELECTIONS,
        f"Election received [candidate_id : {candidate_id}, node_name : {node} ] , "
        f"dbs : [process_id : {process.process_id}, {process.name} ]",
    )
    if candidate_id > process.process_id:
        process.log.write(ELECTIONS, "Will run the start_election")
        return stand(process)
    if candidate_id < process.process_id:
        process.log.write(ELECTIONS, "Won't run the start_election")
        process.replicator.offer(Operation(f"election alive {process.name}"))
        process.role = Role.SECONDARY
    return None


def stand(process: "Process") -> Work | None:
    """Stand for primary: alone, win at once; else ask every member, and wait for what they say."""
    process.log.write(ELECTIONS, "Will start election")
    if len(process.members) <= 1:
        process.log.write(ELECTIONS, "Only one node in the cluster, will set as primary")
        win(process)
        return None
    operation_id = process.replicator.offer(Operation(f"election candidate {process.process_id} {process.name}"))
    process.turn()
    polls = round(process.election_timeout_seconds / POLL_SECONDS)
    if process.pending.get(operation_id) is None:
        return _win_late(process, polls)
    return _win_unless_objected_to(process, operation_id, polls)


async def _win_late(process: "Process", polls: int) -> None:
    # Asked nobody, since a node that is not starting up asks nobody: the original waits in vain, and wins.
    for _ in range(polls):
        await process.sleep(POLL_SECONDS)
    win(process)


async def _win_unless_objected_to(process: "Process", operation_id: int, polls: int) -> None:
    log = process.log
    # One poll more than who waits in vain, as in the original.
    for _ in range(polls + 1):
        if process.pending.get(operation_id) is None:
            break
        if process.role is not Role.STARTING_UP:
            log.write(ELECTIONS, "No longer eligible to be primary, will stop election")
            return
        await process.sleep(POLL_SECONDS)
    else:
        log.write(ELECTIONS, "Election timeout, will claim as primary")
        win(process)
        return
    log.write(ELECTIONS, "Election acks received")
    await process.sleep(SETTLING_SECONDS)
    if process.role is Role.STARTING_UP:
        log.write(ELECTIONS, "winning the election")
        win(process)


def win(process: "Process") -> None:
    """Become the primary now."""
    process.log.write(ELECTIONS, f"Setting this server as a primary! tcp_address : {process.name}")
    process.topology.win()
    process.role = Role.PRIMARY
