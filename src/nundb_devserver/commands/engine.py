"""From a command line to its outcome: every command that parses is logged and timed, every success is replicated."""

from collections.abc import Coroutine
from dataclasses import dataclass

from nundb_devserver.clockwork import Clockwork
from nundb_devserver.commands.command import NOT_ADMIN, Command, ParseError, Parts
from nundb_devserver.commands.parse import parse, vocabulary_of
from nundb_devserver.commands.session import Session
from nundb_devserver.commands.verbs.replication import ReplicateRequest
from nundb_devserver.log import CONSENSUS, MEMBERS, REQUESTS
from nundb_devserver.numbers import duration_text
from nundb_devserver.outcome import Failure, Later, Outcome, Panic


@dataclass(slots=True)
class _Run:
    """A running command, for its log line and for what it is to the other nodes."""

    started: int
    text: str
    worker: int
    command: Command
    selected: str | None
    """The database that was selected before it ran."""


class Engine:
    """Executes commands. It holds nothing: what a command changes belongs to the parts of the node."""

    def __init__(self, parts: Parts, clockwork: Clockwork) -> None:
        self._parts = parts
        self._state = parts.state
        self._clockwork = clockwork
        self._vocabulary = vocabulary_of(parts.state.release)

    def execute(self, text: str, session: Session) -> Outcome | Later:
        """Run one command line; one that takes its time comes back as the rest of it, to be awaited.

        Raises:
            Panic: where the original's handler thread would die.
        """
        started = self._state.elapsed()
        conditions = self._state.conditions
        try:
            command = parse(text, self._vocabulary)
        except ParseError as error:
            return Failure(str(error))
        if conditions.is_cut_off and command.is_from_node:
            raise Panic("no other node can reach this one")
        run = _Run(started, text, session.worker, command, session.database)
        outcome: Outcome | Later
        if conditions.slow_seconds and command.is_on_data:
            outcome = self._run_slowly(command, session)
        else:
            outcome = self._run(command, session)
        if isinstance(outcome, Coroutine):
            return self._finish_later(run, outcome)
        self._finish(run, outcome)
        return outcome

    def leave(self, session: Session) -> None:
        """Count the end of a session in the database that it has selected last (bo.rs: Client::left)."""
        database = None if session.database is None else self._state.databases.get(session.database)
        if database is not None:
            self._parts.writes.count_connection(database, -1)
        self.abandon(session)

    def abandon(self, session: Session) -> None:
        """Let nobody hear what a session that is over still watches.

        That is all of it where its thread died. Otherwise `unwatch-all` has ended it in the selected database alone.
        Each later change is told in vain.
        """
        session.send = self._warn_of_nobody

    def _warn_of_nobody(self, message: str) -> None:
        if message.startswith("resolve "):
            self._state.log.write(CONSENSUS, "Error to send message to arbiter, conflict may stay unresolved")
        else:
            self._state.log.write(MEMBERS, "Request::Set sender.send Error: send failed because receiver is gone")

    def _run(self, command: Command, session: Session) -> Outcome | Later:
        if command.needs_admin and not session.is_admin:
            return NOT_ADMIN
        if isinstance(command, ReplicateRequest):
            return self._run_acknowledged(command, session)
        return command.run(self._parts, session)

    async def _run_slowly(self, command: Command, session: Session) -> Outcome:
        await self._clockwork.sleep(self._state.conditions.slow_seconds)
        outcome = self._run(command, session)
        return await outcome if isinstance(outcome, Coroutine) else outcome

    def _run_acknowledged(self, request: ReplicateRequest, session: Session) -> Outcome | Later:
        # Acknowledged before it runs, whatever comes of it and without any right (protocol notes 2.3).
        session.send(f"ack {request.operation_id} {self._state.name} \n")
        outcome = self.execute(request.text, session)
        if isinstance(outcome, Coroutine):
            return self._note_later(request, outcome)
        return self._note(request, outcome)

    async def _note_later(self, request: ReplicateRequest, later: Later) -> Outcome:
        return self._note(request, await later)

    def _note(self, request: ReplicateRequest, outcome: Outcome) -> Outcome:
        if outcome is not None and not outcome.is_version_error:
            message = f"Error to process message {request.operation_id}, error: {outcome.message}"
            self._state.log.write(REQUESTS, message)
        return outcome

    async def _finish_later(self, run: _Run, later: Later) -> Outcome:
        outcome = await later
        self._finish(run, outcome)
        return outcome

    def _finish(self, run: _Run, outcome: Outcome) -> None:
        state = self._state
        elapsed = state.elapsed() - run.started
        if state.log.enabled:
            masked = run.text.replace(f"{state.options.user} ", "**** ").replace(state.password, "****")
            state.log.write(REQUESTS, f"[{run.worker}] Server processed message '{masked}' in {duration_text(elapsed)}")
        state.query_average.add(elapsed // 1_000_000)
        if outcome is None:
            operation = run.command.operation(run.selected)
            if operation is not None:
                self._parts.replicator.offer(operation)
