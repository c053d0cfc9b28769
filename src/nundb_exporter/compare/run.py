"""The comparison of one database: a list of names from each node, then values in small portions, at a slow pace.

`keys` costs a node time that grows with the square of the number of keys, so one node lists them at a time. Values are
asked from all nodes at once, a portion after another, because they are only comparable at the same moment; a key that
differs is looked at again before it is reported, because a write may be on its way (it takes milliseconds).
"""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from nundb_exporter.client import open_transport
from nundb_exporter.client.transport import Transport
from nundb_exporter.compare.members import Compared
from nundb_exporter.compare.reader import NoDatabaseError, Reader
from nundb_exporter.compare.result import (
    Copies,
    DatabaseResult,
    Fingerprints,
    Value,
    difference,
    is_changing,
    is_equal,
)
from nundb_exporter.credentials import DatabaseAccess
from nundb_exporter.errors import NundbExporterError, TargetError
from nundb_exporter.protocol.commands import is_readable
from nundb_exporter.quantities import count, counted, duration

_PORTION_KEYS: Final = 100
"""At most so many in one request, which takes a node less than a millisecond."""
_PORTION_BYTES: Final = 256 * 1024
"""About so many of values in one answer."""
_FURTHER_LOOKS: Final = 2
_PER_NODE: Final = frozenset({"$connections"})
"""Keys that each node writes for itself."""
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far and how fast a comparison may go."""

    pattern: str = ""
    """Only keys that match, as Nun-db's `keys` does; empty for all."""
    keys: int
    """Of one database; of more, as many are taken, spread evenly over the names."""
    keys_per_second: float
    """Asked from each node."""
    seconds: float
    """For everything together."""
    timeout_seconds: float
    """For each request."""
    settle_seconds: float
    """Between two looks at a key that differs."""


async def compare(
    nodes: Sequence[Compared], databases: Sequence[DatabaseAccess], limits: Limits
) -> list[DatabaseResult]:
    """Compare each database between the nodes, one database after another."""
    deadline = asyncio.get_running_loop().time() + limits.seconds
    fingerprints = Fingerprints(secrets.token_bytes())
    transports = {
        node.url: open_transport(node.target.endpoint, node.target.module.tls, node.target.module.ports)
        for node in nodes
    }
    try:
        return [await _Comparison(access, transports, limits, fingerprints, deadline).run() for access in databases]
    finally:
        for transport in transports.values():
            await transport.close()


class _Comparison:
    """One database, while it is compared."""

    def __init__(
        self,
        access: DatabaseAccess,
        transports: Mapping[str, Transport],
        limits: Limits,
        fingerprints: Fingerprints,
        deadline: float,
    ) -> None:
        self._name = access.name
        self._readers = {
            url: Reader(transport, access, limits.timeout_seconds) for url, transport in transports.items()
        }
        self._limits = limits
        self._fingerprints = fingerprints
        self._deadline = deadline
        self._portion = _PORTION_KEYS
        self._missing_on: list[str] = []
        self._gaps: list[str] = []
        self._vanished = 0
        self._too_large = 0

    async def run(self) -> DatabaseResult:
        """Compare; what fails on the way is told in the result."""
        found = await self._list_keys()
        names = sorted(filter(is_readable, found), key=_spread)
        chosen = names[: self._limits.keys]
        if len(chosen) < len(names):
            self._gaps.append(f"{counted(len(names) - len(chosen), 'key')} beyond the limit of {count(len(chosen))}")
        unequal, compared = await self._look(chosen)
        vanished, before = self._vanished, unequal
        for _ in range(_FURTHER_LOOKS):
            if not unequal:
                break
            await asyncio.sleep(self._limits.settle_seconds)
            keys = list(unequal)
            unequal, looked = await self._look(keys)
            compared -= len(keys) - looked  # a single look proves no difference
        changing = {key for key, copies in unequal.items() if is_changing(before[key], copies)}
        if self._too_large:
            self._gaps.append(f"{counted(self._too_large, 'value')} too large to be held")
        if not self._can_go_on and not self._missing_on:
            self._gaps.append("fewer than two nodes could be read")
        return DatabaseResult(
            name=self._name,
            nodes=tuple(self._readers),
            missing_on=tuple(self._missing_on) if self._readers else (),
            keys=len(found),
            compared=compared,
            changing=len(changing),
            unreadable=len(found) - len(names) + vanished,
            differences=tuple(difference(key, unequal[key]) for key in sorted(unequal.keys() - changing)),
            gaps=tuple(self._gaps),
        )

    @property
    def _can_go_on(self) -> bool:
        return len(self._readers) >= _FEWEST

    async def _list_keys(self) -> set[str]:
        found: set[str] = set()
        for url, reader in list(self._readers.items()):
            try:
                found.update(await reader.keys(self._limits.pattern))
            except NoDatabaseError:
                self._missing_on.append(url)
                del self._readers[url]
            except NundbExporterError as error:
                self._drop(url, error)
        if not self._readers:
            self._gaps += [f"{url}: does not have it" for url in self._missing_on]
        return found - _PER_NODE

    async def _look(self, keys: Sequence[str]) -> tuple[dict[str, Copies], int]:
        """Return the keys whose copies differ, and how many keys were looked at before time or nodes ran out."""
        loop = asyncio.get_running_loop()
        unequal: dict[str, Copies] = {}
        position = 0
        while position < len(keys) and self._can_go_on:
            begun = loop.time()
            if begun >= self._deadline:
                left = counted(len(keys) - position, "key")
                self._gaps.append(f"{left} when {duration(self._limits.seconds)} had passed")
                break
            portion = keys[position : position + self._portion]
            copies = await self._read(portion)
            for key in portion:
                if any(key not in read for read in copies.values()):
                    self._too_large += 1
                    continue
                of_key = {url: read[key] for url, read in copies.items()}
                if not is_equal(of_key):
                    unequal[key] = of_key
                elif None in of_key.values():
                    self._vanished += 1
            position += len(portion)
            await asyncio.sleep(begun + len(portion) / self._limits.keys_per_second - loop.time())
        return unequal, position

    async def _read(self, keys: Sequence[str]) -> dict[str, dict[str, Value | None]]:
        """Return the values of a portion of keys by node; a node that fails is left out from now on."""
        urls = list(self._readers)
        answers = await asyncio.gather(*(self._readers[url].values(keys) for url in urls), return_exceptions=True)
        copies: dict[str, dict[str, Value | None]] = {}
        largest = 1
        for url, answer in zip(urls, answers, strict=True):
            if isinstance(answer, NundbExporterError):
                self._drop(url, answer)
                continue
            if isinstance(answer, BaseException):
                raise answer
            largest = max(largest, sum(len(text) for text in answer.values() if text is not None))
            copies[url] = {key: None if text is None else self._fingerprints.of(text) for key, text in answer.items()}
        self._portion = min(max(_PORTION_BYTES * len(keys) // largest, 1), _PORTION_KEYS)
        return copies

    def _drop(self, url: str, error: NundbExporterError) -> None:
        detail = error.detail if isinstance(error, TargetError) else str(error)
        self._gaps.append(f"{url}: {detail}")
        del self._readers[url]


def _spread(key: str) -> bytes:
    """Return what sorts keys evenly, and alike in each run: the first of these are a fair choice."""
    return hashlib.sha256(key.encode()).digest()
