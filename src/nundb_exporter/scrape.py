"""One scrape of one node: each command sent once, one deadline, and a duration and result for each collector."""

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from nundb_exporter.client import open_transport
from nundb_exporter.client.probe import probe
from nundb_exporter.client.route import DIRECT, Route
from nundb_exporter.client.transport import Transport, check_proof, unreadable
from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.settings import Endpoint, Target, TransportName, neighbouring_ports
from nundb_exporter.errors import NundbExporterError, ProtocolError, TargetError
from nundb_exporter.failure_log import FailureLog
from nundb_exporter.jobs import TOO_LATE, Job, run, together
from nundb_exporter.metrics import (
    COLLECTOR_DURATION,
    COLLECTOR_SUCCESS,
    REASONS,
    SCRAPE_DURATION,
    SCRAPE_FAILURE,
    UP,
    Answers,
    Collector,
    Options,
    Sample,
)
from nundb_exporter.protocol.commands import (
    INVALID_TOKEN,
    LIST_DBS,
    METRICS_STATE,
    NO_DATABASE,
    OPLOG_STATE,
    Command,
    auth,
    use_db,
)
from nundb_exporter.results import CollectorResult, Scrape

_LOGGER: Final = logging.getLogger(__name__)
_MAX_SESSIONS: Final = 3
"""Concurrent sessions: Nun-db has four HTTP workers, and one stays free for its users (protocol notes 1.2)."""

_USE_DB_ERRORS: Final = frozenset({INVALID_TOKEN, NO_DATABASE})
_PROBE_SECONDS: Final = 1.0
_PROBE_SHARE: Final = 0.5
"""A transport counts as down that has not answered in half of the time that there is, or in a second if that is longer:
the rest of the page waits no longer for it, and a busy machine is not taken for a dead listener."""


_NODE: Final = "node"
"""What failed, in the log, where it was no single collector."""


def failure_log(endpoint: Endpoint) -> FailureLog:
    """Return a log of what fails of a node, of which it has told nothing yet."""
    return FailureLog(_LOGGER, str(endpoint))


class Scraper:
    """Scrapes one node, as often as it is told to. Only its connections are kept from one scrape to the next.

    `transport` replaces the one that the endpoint's scheme gives; of `collectors` those run that the target names.
    Every connection takes the `route`, those of probes too. `clock` tells the seconds since the epoch, by which
    operations are old.

    Raises:
        ConfigError: a file of the TLS settings is unusable.
    """

    def __init__(
        self,
        target: Target,
        transport: Transport | None = None,
        collectors: Sequence[Collector] = COLLECTORS,
        route: Route = DIRECT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.target = target
        self._clock = clock
        module = self._module = target.module
        self._transport = transport or open_transport(target.endpoint, module.tls, module.ports, route)
        self._route = route
        self._collectors = tuple(collector for collector in collectors if collector.name in module.collectors)
        # metrics-state is always asked, for nundb_up; dict.fromkeys drops duplicates and keeps the order.
        wanted = [command for collector in self._collectors for command in collector.commands]
        commands = dict.fromkeys((METRICS_STATE, *wanted))
        # The list of databases goes last: a name in it may begin with `;`, which separates replies over HTTP, and only
        # in the last reply is that no ambiguity. False sorts before True, and sorting keeps the order otherwise.
        self._commands = tuple(sorted(commands, key=lambda command: command == LIST_DBS))
        inside = [command for collector in self._collectors for command in collector.database_commands]
        self._database_commands = tuple(dict.fromkeys(inside))
        self._tokens = {access.name: access.token for access in module.databases}
        self._options = Options(tuple(self._tokens), module.max_pending_operations, module.databases_pattern)
        self.failure_log = failure_log(target.endpoint)
        """Who asks the same node again may be given the one of before, to log only what changes."""
        self._subjects = {collector.name: f"collector {collector.name}" for collector in self._collectors}
        """What the log calls each collector."""

    async def close(self) -> None:
        """Close the kept connections."""
        await self._transport.close()

    async def scrape(self, deadline: float) -> Scrape:
        """Ask and read everything until `deadline`, by the event loop's clock; always return, and in time."""
        started = time.perf_counter_ns()
        loop = asyncio.get_running_loop()
        allowed = deadline - loop.time()
        answers = Answers(self._options, asked_at=self._clock())
        # What probes transports runs beside the question, and whatever becomes of it: where one listener has died, the
        # others tell.
        results = {collector.name: CollectorResult() for collector in self._collectors if collector.probes}
        slots = asyncio.Semaphore(_MAX_SESSIONS)
        probes = [run(job, slots, deadline) for job in self._probes(answers, results, deadline)]
        error = await together(self._ask_everything(answers, results, slots, deadline), *probes)
        samples = self._read(answers, results)
        error = error or self._judge(answers)
        self._log_failures(error, results, allowed, is_late=loop.time() >= deadline)
        seconds = _seconds_since(started)
        samples = [*self._own_samples(error, results, seconds), *samples]
        _LOGGER.debug("%s: %d samples in %.4f s", self.target.endpoint, len(samples), seconds)
        return Scrape(samples, answers, results, error, seconds)

    async def _ask_everything(
        self, answers: Answers, results: dict[str, CollectorResult], slots: asyncio.Semaphore, deadline: float
    ) -> TargetError | None:
        """Ask the node, and then what depends on its answers; return why there are none."""
        try:
            await self._ask_node(answers, deadline)
        except TargetError as error:
            return error
        except ProtocolError as error:
            return unreadable(self.target.endpoint, error)
        for collector in self._collectors:
            results.setdefault(collector.name, CollectorResult())
        if further := [run(job, slots, deadline) for job in self._follow_ups(answers, results, deadline)]:
            await together(*further)
        return None

    def _auth(self) -> Command[object]:
        """Return the command that proves who asks. The password is looked up each time: it may have changed."""
        credentials = self._module.credentials
        return auth(credentials.user, credentials.password.reveal())

    async def _ask_node(self, answers: Answers, deadline: float) -> None:
        """Send the commands of all collectors to the node, in one session.

        Raises:
            TargetError: the node cannot be reached or refuses the credentials.
            ProtocolError: it is not a Nun-db.
        """
        proof, *replies = await self._transport.execute((self._auth(), *self._commands), deadline)
        check_proof(self.target.endpoint, proof)
        answers.clock_offset = self._transport.clock_offset
        answers.node.update(zip(self._commands, replies, strict=True))
        if answers.node[METRICS_STATE].is_unsupported:
            _, reply = await self._transport.execute((self._auth(), OPLOG_STATE), deadline)
            answers.node[METRICS_STATE] = reply

    def _probes(self, answers: Answers, results: dict[str, CollectorResult], deadline: float) -> Iterator[Job]:
        """Yield the probes of transports, each with the collector that needs it."""
        for collector in self._collectors:
            for transport in collector.probes:
                yield Job([results[collector.name]], partial(self._probe, answers, transport, deadline))

    def _follow_ups(self, answers: Answers, results: dict[str, CollectorResult], deadline: float) -> Iterator[Job]:
        """Yield the questions that depend on the first answers, each with the collectors that need it."""
        for collector in self._collectors:
            try:
                commands = tuple(collector.follow_up(answers))
            except ProtocolError:
                continue  # its `parse` fails as well, and reports it
            if commands:
                yield Job([results[collector.name]], partial(self._ask_more, answers, commands, deadline))
        if self._database_commands:
            concerned = [results[c.name] for c in self._collectors if c.database_commands]
            for name in self._tokens:
                yield Job(concerned, partial(self._ask_database, answers, name, deadline))

    async def _ask_more(self, answers: Answers, commands: Sequence[Command[object]], deadline: float) -> None:
        """Ask each command in a session of its own: its reply may hold `;` (protocol notes 1.2)."""
        for command in commands:
            _, answers.node[command] = await self._transport.execute((self._auth(), command), deadline)

    async def _ask_database(self, answers: Answers, name: str, deadline: float) -> None:
        """Send the commands of all collectors to one database: one session, and another one for follow-up commands.

        A second use-db on one connection would leak a connection in Nun-db's counter (protocol notes 3.4).
        """
        answers.failures[name] = TOO_LATE
        try:
            await self._ask_inside(answers, name, self._database_commands, deadline)
        except NundbExporterError as error:
            answers.failures[name] = str(error)
            return
        del answers.failures[name]
        # Follow-ups belong to single collectors: if they fail, only those collectors miss the replies when they parse.
        with contextlib.suppress(NundbExporterError):
            further = dict.fromkeys(
                command for collector in self._collectors for command in collector.database_follow_up(answers, name)
            )
            if further:
                await self._ask_inside(answers, name, tuple(further), deadline)

    async def _ask_inside(
        self, answers: Answers, name: str, commands: Sequence[Command[object]], deadline: float
    ) -> None:
        opened, *replies = await self._transport.execute(
            (use_db(name, self._tokens[name].reveal()), *commands), deadline
        )
        if opened.error is not None:
            # Only these known texts are shown: another reply could repeat the token.
            raise ProtocolError(f"use-db: {opened.error if opened.error in _USE_DB_ERRORS else 'refused'}")
        answers.database.update(((name, command), reply) for command, reply in zip(commands, replies, strict=True))

    async def _probe(self, answers: Answers, transport: TransportName, deadline: float) -> None:
        endpoint = self.target.endpoint
        ports = self._module.ports or neighbouring_ports(endpoint)
        now = asyncio.get_running_loop().time()
        until = min(deadline, now + max(_PROBE_SECONDS, _PROBE_SHARE * (deadline - now)))
        answers.probes[transport] = await probe(transport, endpoint, ports, self._module.tls, until, route=self._route)

    def _read(self, answers: Answers, results: dict[str, CollectorResult]) -> list[Sample]:
        samples: list[Sample] = []
        for collector in self._collectors:
            if collector.name not in results:
                continue  # the node gave it no answers to read
            result = results[collector.name]
            begun = time.perf_counter_ns()
            try:
                samples.extend(collector.parse(answers))  # one by one: those before a failure stay
            except ProtocolError as error:
                result.failure = result.failure or str(error)
            except Exception as error:  # noqa: BLE001 - a defect must not affect other collectors
                result.failure = f"defect: {type(error).__name__}"
                # The traceback without the error's text, which may repeat stored values.
                trace = "".join(traceback.format_tb(error.__traceback__))
                _LOGGER.error("collector %s has a defect: %s\n%s", collector.name, type(error).__name__, trace)  # noqa: TRY400 - as above
            result.seconds += _seconds_since(begun)
        return samples

    def _judge(self, answers: Answers) -> TargetError | None:
        """Return why the node is not up; metrics-state alone decides."""
        try:
            is_known = answers.read(METRICS_STATE) is not None
        except ProtocolError as error:
            return unreadable(self.target.endpoint, error)
        unknown = ProtocolError("metrics-state: unknown to this server")
        return None if is_known else unreadable(self.target.endpoint, unknown)

    def _log_failures(
        self, error: TargetError | None, results: dict[str, CollectorResult], seconds: float, *, is_late: bool
    ) -> None:
        failures = {self._subjects[name]: result.failure for name, result in results.items() if result.failure}
        if error is not None:
            failures[_NODE] = str(error)
        # While the node is down, nothing is known of its collectors.
        tried = {_NODE, *map(self._subjects.__getitem__, results)}
        self.failure_log.note(failures, tried, seconds, is_late=is_late)

    def _own_samples(
        self, error: TargetError | None, results: dict[str, CollectorResult], seconds: float
    ) -> Iterator[Sample]:
        """Yield all series of the families of the scrape itself, whatever happened."""
        yield UP.sample(error is None)
        for reason in REASONS:
            yield SCRAPE_FAILURE.sample(error is not None and error.reason is reason, reason)
        yield SCRAPE_DURATION.sample(seconds)
        shown = [(collector.name, results.get(collector.name, _NOT_RUN)) for collector in self._collectors]
        for name, result in shown:
            yield COLLECTOR_DURATION.sample(result.seconds, name)
        for name, result in shown:
            yield COLLECTOR_SUCCESS.sample(result.failure is None, name)


def _seconds_since(begun: int) -> float:
    """Return the seconds since a time in nanoseconds: whole ones, because a page writes few digits fastest."""
    return (time.perf_counter_ns() - begun) / 1e9


_NOT_RUN: Final = CollectorResult(failure="the node gave no answers to read")
