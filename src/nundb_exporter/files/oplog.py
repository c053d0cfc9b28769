"""The operation log: records of 25 bytes, and what they say together (protocol notes 4.1). Pure."""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from struct import Struct
from typing import Final, NamedTuple

_RECORD: Final = Struct("<QQQB")
RECORD_BYTES: Final = _RECORD.size

UPDATE: Final = 0
REMOVE: Final = 1
SNAPSHOT: Final = 3
_CHANGES: Final = frozenset({UPDATE, REMOVE})

_MIN_SIGHT_BYTES: Final = 4 * RECORD_BYTES
"""What must be in sight to find the way back."""
_YEAR: Final = 366 * 86_400 * 1_000_000_000
_FIRST: Final = 1_400_000_000_000_000_000
"""2014: Nun-db is younger."""
_LAST: Final = 4_100_000_000_000_000_000
"""2099."""
_MAX_KEY: Final = 1 << 40
_MAX_DATABASE: Final = 1 << 32
_MAX_TIMES: Final = 1 << 18
"""Operations whose times are remembered for each database: 2 MiB. Of more, only the number is."""


class Record(NamedTuple):
    """One operation. Its id is when it took place, in nanoseconds since the epoch."""

    operation_id: int
    key: int
    database: int
    kind: int

    @property
    def is_change(self) -> bool:
        """Whether it changed a key: only then does its key have a number in the key map."""
        return self.kind in _CHANGES


class Reading(NamedTuple):
    """What a piece of a log holds."""

    records: list[Record]
    lost: int
    """Bytes between records that belong to none: a full disk has cut one off, and Nun-db went on behind it."""
    rest: int
    """Bytes at the end that are not a whole record."""


def read(data: bytes, *, is_end: bool, previous: int | None = None) -> Reading:
    """Read records, and find the way back behind one that was cut off.

    `is_end`: no more data follows for now. `previous` is the id of the record before them.
    """
    records: list[Record] = []
    lost = 0
    position = 0
    while (left := len(data) - position) >= RECORD_BYTES:
        end = position + left // RECORD_BYTES * RECORD_BYTES
        for record in map(Record._make, _RECORD.iter_unpack(memoryview(data)[position:end])):
            operation_id, key, database, kind = record
            if not _is_near(operation_id, previous) or not _is_small(key, database, kind):
                break
            records.append(record)
            previous = operation_id
            position += RECORD_BYTES
        if position < end:
            if not is_end and len(data) - position < _MIN_SIGHT_BYTES:
                break
            start = _next_start(data, position, previous)
            lost += start - position
            position = start
            if len(data) - start >= RECORD_BYTES:
                records.append(Record(*_RECORD.unpack_from(data, start)))
                previous = records[-1].operation_id
                position += RECORD_BYTES
    return Reading(records, lost, len(data) - position)


def _next_start(data: bytes, position: int, previous: int | None) -> int:
    """Return where the next record begins, or the end of the data.

    Out of step, bytes of one field become those of another: a record is told by small numbers and by a time near those
    of its neighbours. One that is far from all before is taken only where nothing else fits: a clock has been set.
    """
    far = None
    for start in range(position, len(data) - RECORD_BYTES + 1):
        operation_id, *fields = _RECORD.unpack_from(data, start)
        if not _is_small(*fields):
            continue
        following = start + RECORD_BYTES
        if len(data) - following >= RECORD_BYTES:
            next_id, *next_fields = _RECORD.unpack_from(data, following)
            if not _is_near(next_id, operation_id) or not _is_small(*next_fields):
                continue
        if _is_near(operation_id, previous):
            return start
        if far is None:
            far = start
    return len(data) if far is None else far


def _is_near(operation_id: int, previous: int | None) -> bool:
    """Whether an operation may follow one; the first may follow any of this age."""
    return _FIRST < operation_id < _LAST if previous is None else -_YEAR < operation_id - previous < _YEAR


def _is_small(key: int, database: int, kind: int) -> bool:
    return kind <= SNAPSHOT and key < _MAX_KEY and database < _MAX_DATABASE


@dataclass(slots=True)
class _Times:
    """When operations took place that are newer than the last snapshot, in nanoseconds since the epoch."""

    known: "array[int]" = field(default_factory=lambda: array("Q"))
    others: int = 0
    """Operations whose times were too many to remember; none of them is newer than `newest_other`."""
    newest_other: int = 0

    def add(self, time: int) -> None:
        if len(self.known) >= _MAX_TIMES:
            self.others += len(self.known)
            self.newest_other = max(self.newest_other, *self.known)
            del self.known[:]
        self.known.append(time)

    def forget_until(self, time: int) -> None:
        self.known = array("Q", (each for each in self.known if each > time))
        if self.newest_other <= time:
            self.others = 0

    def after(self, time: int | None) -> int:
        """Return how many are later; those whose time is not known count as such."""
        return self.others + (len(self.known) if time is None else sum(each > time for each in self.known))

    def first_after(self, time: int | None) -> int | None:
        return min((each for each in self.known if time is None or each > time), default=None)


class History:
    """What all records say together, as they are read, the oldest first."""

    def __init__(self) -> None:
        self._saved: Mapping[int, int] = {}
        self.forget()

    def forget(self) -> None:
        """Forget all records: the log has begun anew."""
        self.databases: set[int] = set()
        """The numbers of all databases that occur."""
        self.highest_key = -1
        """The highest number of a key that was changed."""
        self.oldest: int | None = None
        self.newest: int | None = None
        self.records = 0
        self.lost = 0
        """Bytes that belong to no record."""
        self._changes: dict[int, _Times] = {}
        self._snapshots: dict[int, _Times] = {}
        self.last: Record | None = None

    def save(self, saved: Mapping[int, int]) -> None:
        """Take in when databases were saved last, by their numbers, in nanoseconds since the epoch."""
        for number, time in saved.items():
            if self._saved.get(number) != time:
                for times in (self._changes, self._snapshots):
                    if number in times:
                        times[number].forget_until(time)
        self._saved = dict(saved)

    def take(self, records: Iterable[Record]) -> None:
        """Take in further records."""
        for record in records:
            # A rotation writes the record at the border into both files.
            if record == self.last:
                continue
            self.last = record
            operation_id, key, number, kind = record
            self.records += 1
            if self.oldest is None or self.newest is None:
                self.oldest = self.newest = operation_id
            elif operation_id > self.newest:
                self.newest = operation_id
            self.databases.add(number)
            if kind in _CHANGES:
                self.highest_key = max(self.highest_key, key)
                times = self._changes
            elif kind == SNAPSHOT:
                times = self._snapshots
            else:
                continue
            if operation_id > self._saved.get(number, -1):
                if number not in times:
                    times[number] = _Times()
                times[number].add(operation_id)

    def changes_after(self, number: int, time: int | None) -> int:
        """Return how many changes of a database are newer than its last snapshot, at `time`."""
        times = self._changes.get(number)
        return 0 if times is None else times.after(time)

    def snapshot_asked_after(self, number: int, time: int | None) -> int | None:
        """Return when a snapshot was asked for first after the last one, at `time`; None if none was."""
        times = self._snapshots.get(number)
        return None if times is None else times.first_after(time)
