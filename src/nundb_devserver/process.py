"""One run of a node: everything that a process holds in memory, from its start to its end (main.rs)."""

import asyncio
import contextlib
import errno
import itertools
import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nundb_devserver import conflicts, election, snapshots
from nundb_devserver.averages import MovingAverage
from nundb_devserver.commands import (
    Command,
    Get,
    GetSafe,
    Increment,
    Join,
    Keys,
    Remove,
    ReplicateJoin,
    Set,
    SetPrimary,
    SetSecondary,
    Watch,
)
from nundb_devserver.conditions import Conditions
from nundb_devserver.connection import Connection
from nundb_devserver.execute import run as run_command
from nundb_devserver.http import HttpConnection
from nundb_devserver.keymap import KeyMap
from nundb_devserver.lane import Work
from nundb_devserver.links import Link
from nundb_devserver.listener import Listener
from nundb_devserver.log import DISK, NODE, REPLICATION, REQUESTS, STORAGE, WEBSOCKET, Log, duration_text
from nundb_devserver.members import Members, Role
from nundb_devserver.oplog import Oplog
from nundb_devserver.oplog import discard as discard_oplog
from nundb_devserver.parse import Panic, ParseError, parse
from nundb_devserver.pending import PendingOperations
from nundb_devserver.replication import Operation, Replicator, operation_of, write_operation
from nundb_devserver.reports import Wire
from nundb_devserver.session import Failure, Later, Outcome, Session
from nundb_devserver.store import ADMIN_DATABASE, CONNECTIONS_KEY, PLAIN, TOKEN_KEY, Change, Database, Strategy
from nundb_devserver.tcp import TcpConnection
from nundb_devserver.topology import Topology
from nundb_devserver.websocket import WebSocketConnection

if TYPE_CHECKING:
    from nundb_devserver.options import NodeOptions

U64 = (1 << 64) - 1

SLOWED = frozenset({Get, GetSafe, Increment, Keys, Remove, Set, Watch})
"""Commands on data: those that a slow node is slow at."""
BETWEEN_NODES = frozenset({Join, ReplicateJoin, SetPrimary, SetSecondary})
"""Commands by which another node makes itself known."""

VERDICT_SECONDS = 0.002
"""Between two verdicts that a secondary forwards: the original's polling sets a storm's pace (protocol notes 6.8)."""
HTTP_WORKERS = 4

FIRST_WORKER = 140_000_000_000_000
WORKER_STEP = 2_101_248
"""Worker numbers that look like the original's thread ids: a stack apart."""

LONELY_SECONDS = 0.05
"""How long a node that has reached nobody waits for others before its first election; the original waits 1 s."""


class Run(NamedTuple):
    """One command on its way: since when, as it was sent, by whom, and which database was selected before it ran."""

    started: int
    text: str
    worker: int
    command: Command
    selected: str | None


class Process:
    """A running node. `conditions` outlives it; all else ends with it.

    Its coroutines and callbacks run in one event loop, so that each command is done before the next one begins.
    """

    def __init__(
        self,
        options: "NodeOptions",
        wire: Wire,
        directory: Path,
        conditions: Conditions,
        exit_process: Callable[[], None],
    ) -> None:
        self.options = options
        self.wire = wire
        self.conditions = conditions
        self.name = options.name
        self.user = options.user
        self.process_id = self.clock() // 1_000_000
        self.is_over = False
        self._exit = exit_process
        self._worker_panics = 0
        self.election_timeout_seconds = options.election_timeout_seconds
        self.log = Log(options.log, self.clock)
        self.query_average = MovingAverage()
        self.replication_average = MovingAverage()
        self.role = Role.STARTING_UP
        self.members = Members()
        self.databases: dict[str, Database] = {}
        self.pending = PendingOperations(time.perf_counter_ns, self.replication_average, self._warn)
        self.topology = Topology(self)
        self.replicator = Replicator(self)
        self.connections: set[Connection] = set()
        self._workers = itertools.count(FIRST_WORKER, WORKER_STEP)
        self.http_worker = self.next_worker()
        self.websocket_worker = self.next_worker()
        self._parse = parse if wire.speaks_todays_grammar else wire.parse
        self._directory = directory
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[object]] = set()
        self._declutter_timer: asyncio.TimerHandle | None = None
        self._listeners: dict[type[Connection], Listener] = {}
        self._snapshots: list[tuple[str, bool]] = []
        self._verdicts: deque[Operation] = deque()
        self._is_awake = False
        self._running = asyncio.Event()
        self._running.set()
        self._when_running: list[Callable[[], None]] = []
        self.log.write(NODE, "nundb starting!")
        self.keymap = KeyMap(directory)
        if not self.keymap.was_valid:
            self.log.write(
                NODE,
                "Nun-db has restarted with op-log in a invalid state, oplog and keys metadafile will be deleted!",
            )
            discard_oplog(directory)
            self.keymap.forget_validity()
        self._load_databases()
        self.oplog = Oplog(directory, conditions.oplog_limit or options.max_oplog_bytes, self.clock)

    # Its life.

    def start(self, peers: tuple[str, ...]) -> None:
        """Listen, then ask the peers to let this node join, in the background.

        Raises:
            OSError: an address cannot be listened on.
        """
        self.log.write(DISK, f"Will start_snap_shot_timer every {self.options.declutter_seconds:g} seconds")
        try:
            # TCP first, so that a primary that dials back finds somebody (main.rs).
            for listener, is_wanted in self._wanted_listeners():
                if is_wanted:
                    self.listen(listener)
        except OSError:
            self.abort()
            raise
        self._schedule_declutter()
        self.spawn(self._enter(() if self.conditions.is_alone else peers))

    def stop(self) -> None:
        """End as on SIGINT: save the keys and the queued snapshots."""
        self.keymap.save()
        self.save_snapshots()
        self.abort()

    def abort(self) -> None:
        """End as on SIGKILL or SIGTERM: nothing is saved, every socket closes."""
        self.is_over = True
        if self._declutter_timer is not None:
            self._declutter_timer.cancel()
        for task in tuple(self._tasks):
            # Soon, not now: a task that has not begun would leave its coroutine unawaited.
            self._loop.call_soon(task.cancel)
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()
        for connection in tuple(self.connections):
            connection.die()
        self._running.set()
        self.oplog.close()

    def panic(self, listener: type[Connection]) -> None:
        """Note that a thread of a listener has died; a faithful node loses the listener with the last of them.

        HTTP has four, WebSocket one; TCP has one for each connection (protocol notes 1.1 to 1.3).
        """
        if not self.options.is_faithful:
            return
        self._worker_panics += listener is HttpConnection
        if listener is WebSocketConnection or self._worker_panics == HTTP_WORKERS:
            self.stop_listening(listener)

    def fail(self, reason: str) -> bool:
        """Note that the original's main thread would die; True if this process has ended as well."""
        self.log.write(REPLICATION, reason)
        if self.options.is_faithful:
            self._exit()
        return self.options.is_faithful

    def spawn(self, work: Work) -> None:
        """Run work in the background, until it is done or the process ends."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def hang(self) -> None:
        """Stop, as on SIGSTOP."""
        self._running.clear()
        for listener in self._listeners.values():
            listener.pause()
        self.refresh_connections()

    def go_on(self) -> None:
        """Go on, as on SIGCONT: everything that has waited is dealt with."""
        self._running.set()
        for listener in self._listeners.values():
            listener.resume()
        waiting, self._when_running = self._when_running, []
        for action in waiting:
            action()
        self.refresh_connections()

    def when_running(self, action: Callable[[], None]) -> None:
        """Do something now, or once the process goes on."""
        if self._running.is_set():
            action()
        else:
            self._when_running.append(action)

    async def sleep(self, seconds: float) -> None:
        """Let time pass; a process that hangs does not wake up."""
        await asyncio.sleep(seconds)
        await self._running.wait()

    def refresh_connections(self) -> None:
        """Let every socket look whether it may read."""
        for connection in tuple(self.connections):
            connection.update_reading()

    # Its sockets.

    def listen(self, listener: type[Connection]) -> None:
        """Open a listener.

        Raises:
            OSError: its address is taken.
        """
        options = self.options
        port = {TcpConnection: options.tcp_port, HttpConnection: options.http_port}.get(
            listener, options.websocket_port
        )
        self._listeners[listener] = Listener(options.host, port, lambda: listener(self), self.spawn)
        if listener is WebSocketConnection:
            self.log.write(WEBSOCKET, f"Listening for new connections on {options.host}:{port}.")

    def stop_listening(self, listener: type[Connection]) -> None:
        """Close a listener and what it has accepted, as when its last thread has died.

        TCP keeps its connections: each has a thread of its own, and they are what holds a cluster together.
        """
        if listener in self._listeners:
            self._listeners.pop(listener).close()
        if listener is TcpConnection:
            return
        for connection in tuple(self.connections):
            if type(connection) is listener:
                connection.die()

    async def connect(self, name: str, factory: Callable[[], Connection]) -> None:
        """Dial another node.

        Raises:
            OSError: nobody is there, or the name is no address.
        """
        host, _, port = name.rpartition(":")
        if self.conditions.is_severed or not port.isdigit():
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        await self._loop.create_connection(factory, host, int(port))

    def sever(self) -> None:
        """Lose every connection to and from other nodes."""
        for connection in tuple(self.connections):
            if isinstance(connection, Link) or (isinstance(connection, TcpConnection) and connection.is_link):
                connection.transport.abort()

    def next_worker(self) -> int:
        """Return a number for the log: the original shows the thread that ran a command."""
        return next(self._workers)

    # Its commands.

    @property
    def password(self) -> str:
        """The administrator's password."""
        changed = self.conditions.password
        return self.options.password if changed is None else changed

    def clock(self) -> int:
        """Return nanoseconds since the epoch, as this node sees them: process id, operation ids and log."""
        return time.time_ns() + self.conditions.clock_offset_nanoseconds

    def execute(self, text: str, session: Session) -> Outcome | Later:
        """Run one command line; one that takes its time comes back as the rest of it, to be awaited.

        Every command that parses is logged and timed; one that succeeds goes on to the operation log and the others.

        Raises:
            Panic: where the original's handler thread would die.
        """
        started = time.perf_counter_ns()
        try:
            command = self._parse(text)
        except ParseError as error:
            return Failure(str(error))
        kind = type(command)
        if self.conditions.is_severed and kind in BETWEEN_NODES:
            raise Panic("no other node can reach this one")
        run = Run(started, text, session.worker, command, session.database)
        outcome: Outcome | Later
        if self.conditions.slow_seconds and kind in SLOWED:
            outcome = self._run_slowly(command, session)
        else:
            outcome = run_command(self, session, command)
        if outcome is None or isinstance(outcome, Failure):
            self._finish(run, outcome)
            return outcome
        return self._finish_later(run, outcome)

    async def _run_slowly(self, command: Command, session: Session) -> Outcome:
        await self.sleep(self.conditions.slow_seconds)
        outcome = run_command(self, session, command)
        return outcome if outcome is None or isinstance(outcome, Failure) else await outcome

    async def _finish_later(self, run: Run, later: Later) -> Outcome:
        outcome = await later
        self._finish(run, outcome)
        return outcome

    def _finish(self, run: Run, outcome: Outcome) -> None:
        elapsed = time.perf_counter_ns() - run.started
        if self.log.enabled:
            masked = run.text.replace(f"{self.user} ", "**** ").replace(self.password, "****")
            self.log.write(REQUESTS, f"[{run.worker}] Server processed message '{masked}' in {duration_text(elapsed)}")
        self.query_average.add(elapsed // 1_000_000)
        if outcome is None:
            operation = operation_of(run.command, run.selected)
            if operation is not None:
                self.replicator.offer(operation)

    def left(self, session: Session) -> None:
        """Count the end of a session in the database that it has selected last (bo.rs: Client::left)."""
        database = None if session.database is None else self.databases.get(session.database)
        if database is not None:
            self.count_connection(database, -1)
        self.forget(session)

    def forget(self, session: Session) -> None:
        """Drop the subscriptions of a session that is over, wherever they are."""
        for database in session.watched:
            database.unwatch_all(session)

    # Its data.

    @property
    def is_primary(self) -> bool:
        """Whether the node acts as the primary."""
        return self.role is Role.PRIMARY

    def add_database(self, database: Database) -> bool:
        """Add a database; False if its name is taken."""
        if database.name in self.databases:
            return False
        self.databases[database.name] = database
        admin = self.databases[ADMIN_DATABASE]
        admin.apply(admin.change(database.name, "{}"))
        return True

    def write(self, database: Database, key: str, text: str, version: int) -> Outcome:
        """Write a value, and deal with a conflict as the database wants it.

        Raises:
            Panic: the key is in conflict and no conflict of it is stored.
        """
        return conflicts.write(database, database.change(key, text, version), self.log, self.replicate_change)

    def count_connection(self, database: Database, step: int) -> None:
        """Count a session in or out; the number is also a value, which is not replicated (protocol notes 3.4)."""
        database.connections = (database.connections + step) & U64
        self.write(database, CONNECTIONS_KEY, str(database.connections), PLAIN)

    def replicate_change(self, database: Database, change: Change) -> None:
        """Tell the others about a write that no client asked for."""
        operation = write_operation(database.name, change.key, change.text, change.version)
        if self.role is Role.SECONDARY:
            self.replicator.send_to_primary(operation)
        else:
            self.replicator.offer(operation)

    def forward_verdict(self, operation: Operation) -> None:
        """Send an arbiter's verdict on to the primary, each a little after the one before."""
        self._verdicts.append(operation)
        if len(self._verdicts) == 1:
            self.spawn(self._forward_verdicts())

    async def _forward_verdicts(self) -> None:
        while self._verdicts:
            await self.sleep(VERDICT_SECONDS)
            if self.conditions.drops_verdicts:
                self._verdicts.clear()
            else:
                self.replicator.send_to_primary(self._verdicts.popleft())

    def queue_snapshot(self, name: str, *, reclaim: bool) -> bool:
        """Queue a database to be written to disk; False if there is none of this name."""
        if name not in self.databases:
            return False
        self._snapshots.append((name, reclaim))
        return True

    # Its turns.

    def wake(self) -> None:
        """See to it that what has been queued is done."""
        if not self._is_awake:
            self._is_awake = True
            self._loop.call_soon(self.turn)

    def turn(self) -> None:
        """Change the member list as queued, then record and send what is queued (main.rs: join_all_promises)."""
        self._is_awake = False
        self.topology.drain()
        self.replicator.drain()

    async def _enter(self, peers: tuple[str, ...]) -> None:
        reached = [await self._ask_to_join(peer) for peer in sorted(peers)]
        starting = self.options.starting_up_seconds
        if not (self.options.is_faithful or any(reached)):
            starting = min(starting, LONELY_SECONDS)
        await election.start_up(self, starting)

    async def _ask_to_join(self, peer: str) -> bool:
        if peer == self.name:
            self.log.write(REPLICATION, f"Ignoring external_tcp_addr {self.name} from replica equal join addr")
        if peer in (self.name, self.options.tcp_address):
            return False
        host, _, port = peer.rpartition(":")
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except (OSError, ValueError):
            self.log.write(
                REPLICATION,
                f"Could not stablish the connection to replicate to {peer}, verify if the replica set is up",  # sic
            )
            return False
        writer.write(f"auth {self.user} {self.password}\njoin {self.name}\n".encode())
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True

    def _load_databases(self) -> None:
        self.log.write(
            DISK,
            "Will load all databases from using the strategy Defalt: Disk, Read: Disk, Write: Disk",  # sic
        )
        admin = Database(ADMIN_DATABASE, 0, Strategy.NEWER, self.clock)
        admin.apply(admin.change(TOKEN_KEY, self.options.password))
        self.add_database(admin)
        for name in snapshots.others(self._directory):
            self.log.write(STORAGE, f"Files {name} does not ends with {snapshots.KEYS_SUFFIX} will ignore")  # sic
        for name in snapshots.names(self._directory):
            self.add_database(snapshots.load(name, self._directory, self.clock, len(self.databases)))

    def _schedule_declutter(self) -> None:
        self._declutter_timer = self._loop.call_later(self.options.declutter_seconds, self._declutter)

    def _declutter(self) -> None:
        self._schedule_declutter()
        self.when_running(self.save_snapshots)
        self.when_running(self.oplog.prune)

    def save_snapshots(self) -> None:
        """Write the queued snapshots, and the keys with them (disk_ops.rs: snapshot_all_pendding_dbs)."""
        queued, self._snapshots = self._snapshots, []
        self.log.write(DISK, f"snapshot_all_pendding_dbs | queue_len == {len(queued)}")  # sic
        if not queued:
            return
        self.keymap.save()
        for name, reclaim in reversed([entry for entry, _ in itertools.groupby(queued)]):
            if "/" in name or "\0" in name:
                self.log.write(DISK, f"Database not found {name}")
            else:
                snapshots.save(self.databases[name], self._directory, reclaim=reclaim)

    def _wanted_listeners(self) -> tuple[tuple[type[Connection], bool], ...]:
        conditions = self.conditions
        return (
            (TcpConnection, conditions.has_tcp),
            (WebSocketConnection, conditions.has_websocket),
            (HttpConnection, conditions.has_http),
        )

    def _warn(self, message: str) -> None:
        self.log.write(REPLICATION, message)
