"""One run of a node: its parts put together, its start, and its several ends (main.rs)."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from nundb_devserver.clockwork import Clockwork
from nundb_devserver.commands.command import Parts
from nundb_devserver.commands.engine import Engine
from nundb_devserver.commands.parse import WORDS
from nundb_devserver.commands.writes import Writes
from nundb_devserver.conditions import Conditions
from nundb_devserver.data.members import Outlet, Purpose
from nundb_devserver.log import DISK, REPLICATION, UNWRAPPED_ERROR
from nundb_devserver.options import NodeOptions, Transport
from nundb_devserver.replication.election import Election
from nundb_devserver.replication.replicator import Replicator
from nundb_devserver.replication.topology import Topology
from nundb_devserver.sockets.http import HttpConnection
from nundb_devserver.sockets.links import Link
from nundb_devserver.sockets.sockets import Sockets
from nundb_devserver.sockets.tcp import TcpConnection
from nundb_devserver.sockets.websocket import WebSocketConnection
from nundb_devserver.state import State

_LONELY_SECONDS: Final = 0.05
"""How long a node that has reached no other waits before its first election; the original waits 1 s."""


class Process:
    """A running node. `conditions` outlives it; all else ends with it.

    Its coroutines and callbacks run in one event loop, so that each command is done before the next one begins.
    `exit_process` is called where the original's process would end by itself.
    """

    def __init__(
        self, options: NodeOptions, directory: Path, conditions: Conditions, exit_process: Callable[[], None]
    ) -> None:
        self.state = state = State(options, directory, conditions, exit_process)
        self._clockwork = clockwork = Clockwork()
        replicator = Replicator(state, clockwork)
        topology = Topology(state, clockwork, replicator, self._dial)
        self._election = Election(state, clockwork, replicator, topology)
        writes = Writes(state, clockwork, replicator)
        self._engine = engine = Engine(Parts(state, replicator, topology, self._election, writes, WORDS), clockwork)
        self.sockets = sockets = Sockets(state, clockwork)
        clockwork.do_each_turn(topology.drain, replicator.drain)
        http_worker, websocket_worker = state.next_worker(), state.next_worker()
        sockets.accept_with(
            {
                Transport.TCP: lambda: TcpConnection(state, clockwork, engine, sockets),
                Transport.WEBSOCKET: lambda: WebSocketConnection(state, clockwork, engine, sockets, websocket_worker),
                Transport.HTTP: lambda: HttpConnection(state, clockwork, engine, sockets, http_worker),
            }
        )

    def start(self, peers: tuple[str, ...]) -> None:
        """Listen, then ask the peers to let this node join, in the background.

        Raises:
            OSError: an address cannot be listened on.
        """
        options, conditions = self.state.options, self.state.conditions
        self.state.log.write(DISK, f"Will start_snap_shot_timer every {options.declutter_seconds:g} seconds")
        try:
            # TCP first, so that a primary that dials back finds a listener (main.rs).
            for transport in (Transport.TCP, Transport.WEBSOCKET, Transport.HTTP):
                if transport not in conditions.dead_listeners:
                    self.sockets.listen(transport)
        except OSError:
            self.abort()
            raise
        self._clockwork.repeat(options.declutter_seconds, self.state.declutter)
        self._clockwork.spawn(self._enter(() if conditions.joins_nobody else peers))

    def stop(self) -> None:
        """End as on SIGINT: save the keys and the queued snapshots.

        Without the thread that does snapshots, or where it cannot log, the original saves nothing and goes on; an
        operator then kills it.
        """
        state = self.state
        if state.is_snapshot_thread_dead:
            words = UNWRAPPED_ERROR.format("PoisonError { .. }")
            state.log.panic(state.next_worker(), "disk_ops.rs:330:46", words)
        elif not (state.conditions.is_log_lost or state.conditions.is_log_blocked):
            state.keymap.save()
            state.save_snapshots()
        self.abort()

    def abort(self) -> None:
        """End as on SIGKILL or SIGTERM: nothing is saved, every socket closes."""
        self._clockwork.stop()
        self.sockets.close()
        self.state.oplog.close()

    def heed_conditions(self) -> None:
        """Stop or continue, as the conditions want it: what has waited is then dealt with."""
        conditions = self.state.conditions
        if conditions.is_stopped:
            self._clockwork.pause()
        else:
            self._clockwork.resume()
        self.sockets.accept(is_accepting=not conditions.is_hung)

    def _dial(self, name: str, purpose: Purpose) -> Outlet:
        link = Link(self.state, self._clockwork, self._engine, self.sockets, name=name, purpose=purpose)
        self._clockwork.spawn(link.dial())
        return link

    async def _enter(self, peers: tuple[str, ...]) -> None:
        options = self.state.options
        reached = [await self._ask_to_join(peer) for peer in sorted(peers)]
        waiting_seconds = options.starting_up_seconds
        if not (options.is_faithful or any(reached)):
            waiting_seconds = min(waiting_seconds, _LONELY_SECONDS)
        await self._election.start_up(waiting_seconds)

    async def _ask_to_join(self, peer: str) -> bool:
        state = self.state
        if peer == state.name:
            state.log.write(REPLICATION, f"Ignoring external_tcp_addr {peer} from replica equal join addr")
        if peer in (state.name, state.options.tcp_address):
            return False
        host, _, port = peer.rpartition(":")
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, ValueError):
            state.log.write(
                REPLICATION,
                f"Could not stablish the connection to replicate to {peer}, verify if the replica set is up",  # sic
            )
            return False
        writer.write(f"auth {state.options.user} {state.password}\njoin {state.name}\n".encode())
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True
