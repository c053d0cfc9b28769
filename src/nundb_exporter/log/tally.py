"""Counts of everything that the log says, and the samples of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from nundb_exporter.log import families
from nundb_exporter.log.durations import Durations
from nundb_exporter.log.events import MEANINGS
from nundb_exporter.log.records import Records, Requests
from nundb_exporter.log.slowest import Slowest, least_seconds
from nundb_exporter.log.threads import Databases, OwnCommands
from nundb_exporter.log.times import since_epoch
from nundb_exporter.log.verbs import OTHER, VERBS, known
from nundb_exporter.metrics import Sample

_BATCH: Final = 16_000
"""Durations that wait, so that the work that each batch of a command needs is done rarely."""


class Tally:
    """The counts of one node's log, without the requests of a monitoring client if `own` tells them."""

    def __init__(self, own: OwnCommands | None = None) -> None:
        self._slowest = Slowest()
        self._own = own
        self._databases = Databases()
        self._batch: defaultdict[bytes, list[float]] = defaultdict(list)
        """Durations by the start of their commands, not yet in `_durations` and `slowest`."""
        self._waiting = 0
        self._durations: defaultdict[str, Durations] = defaultdict(Durations)
        self._events: Counter[str] = Counter()
        self._lines = 0
        self._unparsed = 0
        self._last_time: bytes | None = None
        self._heartbeat: bytes | None = None

    def add(self, records: Records) -> None:
        """Add what follows in the log."""
        requests = records.requests if self._own is None else self._own.without(records.requests)
        if records.started is None:
            self._add_requests(requests)
        else:
            before, after = requests.before_and_from(records.started)
            self._add_requests(before)
            self._databases.forget()
            self._add_requests(after)
        self._events.update(records.events)
        self._lines += records.lines
        self._unparsed += records.unparsed
        self._last_time = records.last_time or self._last_time
        heartbeat = records.heartbeat or self._heartbeat
        is_of_before = heartbeat is not None and records.started is not None and heartbeat < records.started
        self._heartbeat = None if is_of_before else heartbeat

    def _add_requests(self, requests: Requests) -> None:
        for begin, end in requests.minutes():
            self._add_minute(requests, begin, end)

    def _add_minute(self, requests: Requests, begin: int, end: int) -> None:
        if self._batch and self._slowest.is_new_part(requests.times[begin]):
            self._settle()
        self._slowest.add_commands(requests, begin, end, self._databases)
        batch = self._batch
        for start, seconds in zip(requests.starts[begin:end], requests.seconds[begin:end], strict=True):
            batch[start].append(seconds)
        self._waiting += end - begin
        if self._waiting >= _BATCH:
            self._settle()

    def _settle(self) -> None:
        least = least_seconds(self._batch)
        light: defaultdict[str, list[float]] = defaultdict(list)
        for start, batch in self._batch.items():
            verb = known(start.partition(b" ")[0])
            if sum(batch) < least:
                light[verb] += batch
            else:
                durations = Durations.of(batch)
                self._durations[verb].merge(durations)
                self._slowest.add_group(start, durations)
        for verb, batch in light.items():
            self._durations[verb].merge(Durations.of(batch))
        self._batch.clear()
        self._waiting = 0

    @property
    def slowest(self) -> Slowest:
        """The slowest commands until now."""
        self._settle()
        return self._slowest

    def samples(self) -> Iterator[Sample]:
        """Yield all but the lag: what is known in advance is 0, a histogram appears with its first command."""
        self._settle()
        for verb in (*VERBS, OTHER):
            durations = self._durations.get(verb)
            yield families.COMMANDS.sample(durations.count if durations else 0, verb)
        for verb, durations in self._durations.items():
            yield from families.DURATION.samples(durations.buckets(), durations.seconds, verb)
        for event in MEANINGS:
            yield families.EVENTS.sample(self._events[event], event)
        for family, time in ((families.HEARTBEAT, self._heartbeat), (families.LAST_LINE, self._last_time)):
            if time is not None and (seconds := since_epoch(time)) is not None:
                yield family.sample(seconds)
        yield families.LINES.sample(self._lines)
        yield families.UNPARSED.sample(self._unparsed)
