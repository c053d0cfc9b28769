"""One round: look who is there, write a word on the primary, and see it arrive everywhere."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Final, TypeVar

from nundb_exporter.canary import brake, words
from nundb_exporter.canary.failed import FailedError
from nundb_exporter.canary.flock import Flock, default_name
from nundb_exporter.canary.line import HangError, Line, LineError
from nundb_exporter.canary.tally import Tally
from nundb_exporter.canary.verdict import Sighting
from nundb_exporter.config.settings import CanarySettings, Target
from nundb_exporter.errors import ConfigError, ProtocolError
from nundb_exporter.protocol import canary, commands
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.fields import Member
from nundb_exporter.protocol.pending import pending_operations
from nundb_exporter.quantities import listed, visible

T = TypeVar("T")

_SAVED_WITHIN_ROUNDS: Final = 60
_MOST_FOREIGN: Final = 3
"""Keys that are named in a refusal."""


class Canary:
    """The canary of one node's cluster."""

    def __init__(
        self, target: Target, settings: CanarySettings, tally: Tally, saved_within_rounds: int = _SAVED_WITHIN_ROUNDS
    ) -> None:
        self._key = words.key_of(settings.name or default_name(target.endpoint))
        self._target = target
        self._settings = settings
        self._tally = tally
        self._flock = Flock(target, settings, self._key)
        self._own: Line | None = None
        self._home: tuple[str, Line] | None = None
        """The primary and its line, once it has been seen that the canary may write there."""
        self._saved_within_rounds = saved_within_rounds
        self._rounds_until_saved: int | None = None
        """Keys are new that no member has on its disk; None if there are none."""
        self._word = ""
        """The last that was written."""
        self._told: frozenset[str] = frozenset()
        """The members that were to receive it."""
        self.braked: str | None = None
        """Why nothing is written; None if words are."""

    async def round(self) -> None:
        """Carry out one round, and note what it has shown.

        Raises:
            FailedError: nothing could be written.
        """
        try:
            await self._round()
        except FailedError as error:
            self._tally.failed(error.reason, time.time())
            raise
        except (ConfigError, LineError, ProtocolError) as error:  # a certificate may be replaced by an unusable one
            self._tally.failed("unreachable", time.time())
            raise FailedError("unreachable", str(error)) from error

    def close(self) -> None:
        """Close all connections."""
        self._flock.close()
        if self._own is not None:
            self._own.close()

    async def _round(self) -> None:
        primary, lines = await self._gather()
        home = self._line_to(primary, lines)
        await self._prepare(primary, home)
        others = {name: line for name, line in lines.items() if name != primary}
        sightings = dict(zip(others, await asyncio.gather(*map(self._look, others, others.values())), strict=True))
        answering = {name: not sighting.is_silent for name, sighting in sightings.items()}
        self._tally.watches(primary, answering | dict.fromkeys(self._flock.unreached | self._flock.hanging, False))
        self.braked = brake.reason(self._flock.hanging, await self._waited_for(home, sightings))
        if self.braked is not None:
            self._tally.paused(time.time())
            return
        word = self._word = words.word(time.time_ns())
        begun = await self._write(home, word)
        awake = {name: line for name, line in others.items() if not sightings[name].is_silent}
        self._told = frozenset(awake)
        await asyncio.gather(*(self._watch(line, sightings[name], word, begun) for name, line in awake.items()))
        self._tally.saw(word, sightings, time.time())
        await self._save(home)

    async def remove(self) -> list[str] | None:
        """Remove the keys of all canaries from the database, on all members; return them, or None without a database.

        Raises:
            FailedError: it cannot be done.
        """
        try:
            primary, lines = await self._gather()
            home = self._line_to(primary, lines)
            await self._sign_in(home)
            await self._see_acting(primary, home)
            refusal = await self._flock.select(home)
            if refusal == commands.NO_DATABASE:
                return None
            self._see_accepted(refusal)
            keys = [
                key for key in await _told(home, commands.KEYS) if words.is_canarys(key) and key[:1] not in {"", "$"}
            ]
            for key in keys:
                await self._change(home, canary.remove(key))
            self._rounds_until_saved = 0
            await self._save(home)
        except (LineError, ProtocolError) as error:
            raise FailedError("unreachable", str(error)) from error
        return keys

    async def _gather(self) -> tuple[str, dict[str, Line]]:
        """Return which member is primary, and the lines to all that answer."""
        members = await self._members()
        primaries = [member.name for member in members if member.role == "primary"]
        if len(primaries) != 1:
            raise FailedError("no_primary", f"the node lists {len(primaries) or 'no'} primary members")
        return primaries[0], await self._flock.gather(members, primaries[0])

    def _line_to(self, primary: str, lines: Mapping[str, Line]) -> Line:
        if primary not in lines:
            raise FailedError("unreachable", f"the primary {visible(primary)} cannot be reached over WebSocket")
        return lines[primary]

    async def _members(self) -> tuple[Member, ...]:
        """Return the members that the node lists."""
        if self._own is None or not self._own.is_open:
            self._own = self._flock.line_to_own()
            await self._own.open()
            await self._sign_in(self._own)
        return await _told(self._own, commands.CLUSTER_STATE)

    async def _sign_in(self, line: Line) -> None:
        credentials = self._target.module.credentials
        reply = await line.ask(commands.auth(credentials.user, credentials.password.reveal()))
        if reply.text != "valid auth":
            line.close()  # for the next round to sign in again, perhaps with a corrected password
            raise FailedError("refused", "the administrator's name or password is refused")

    async def _prepare(self, primary: str, home: Line) -> None:
        """See that the node acts as primary, and that the database is there and the canary's."""
        is_new = self._home != (primary, home)
        if is_new:
            self._home = None
            await self._sign_in(home)
        await self._see_acting(primary, home)
        if is_new:
            await self._open_database(home)
            await self._refuse_foreign_keys(home)
            for key, value in ((words.STILL, words.STILL_VALUE), (self._key, words.word(0))):
                if await _told(home, commands.get(key)) is None:
                    await self._put(home, key, value)
                    self._rounds_until_saved = secrets.randbelow(self._saved_within_rounds)
            self._home = (primary, home)

    async def _see_acting(self, primary: str, home: Line) -> None:
        if (await home.ask(commands.ACTING_ROLE)).error == canary.NOT_ACTING:
            raise FailedError("no_primary", f"{visible(primary)} reports that it is primary, and does not act so")

    async def _open_database(self, home: Line) -> None:
        access = self._settings.access
        refusal = await self._flock.select(home)
        if refusal == commands.NO_DATABASE:
            await home.ask(canary.create_db(access.name, access.token.reveal()))
            refusal = await self._flock.select(home)
        self._see_accepted(refusal)

    def _see_accepted(self, refusal: str | None) -> None:
        if refusal is not None:
            why = "the token is refused" if refusal == commands.INVALID_TOKEN else "the database cannot be used"
            raise FailedError("refused", f"database {self._settings.access.name}: {why}")

    async def _refuse_foreign_keys(self, home: Line) -> None:
        if self._settings.allows_foreign_keys:
            return
        foreign = [key for key in await _told(home, commands.KEYS) if not words.is_canarys(key)]
        if foreign:
            named = listed([visible(key) for key in foreign[:_MOST_FOREIGN]])
            raise FailedError(
                "foreign_keys",
                f"database {self._settings.access.name} holds keys that are not the canary's ({named}): give it a "
                "database of its own, or set canary.allow_foreign_keys",
            )

    async def _look(self, name: str, line: Line) -> Sighting:
        """Look at a member before anything is written, and see whether it answers."""
        sighting = Sighting(is_young=self._flock.is_young(name))
        try:
            refusal = await self._flock.select(line)
            if refusal is None:
                sighting.still = await self._value(line, words.STILL)
                sighting.before = await self._value(line, self._key)
            else:
                sighting.before = ""  # it does not have the database, or refuses the token
        except HangError:
            sighting.is_silent = True
            self._flock.hanging.add(name)
        except (LineError, ProtocolError):
            sighting.is_silent = True  # it may have just ended
        return sighting

    async def _waited_for(self, home: Line, sightings: Mapping[str, Sighting]) -> set[str]:
        """Return the members for which the primary still keeps the last word."""
        behind = {
            name
            for name, sighting in sightings.items()
            if name in self._told and not sighting.is_young and sighting.before not in {None, self._word}
        }
        pending = await self._pending(home) if behind else 0
        if pending > self._target.module.max_pending_operations:
            return behind
        if not pending:
            return set()
        reply = await home.ask(commands.PENDING_OPS)
        return behind & brake.owed(pending_operations(reply.text or ""), self._settings.access.name)

    async def _write(self, home: Line, word: str) -> float:
        """Write the word and read it back; return when it was sent, by the event loop's clock."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await self._put(home, self._key, word)
        answered = loop.time()
        self._tally.took("set", answered - begun)
        value = await self._value(home, self._key)
        self._tally.took("get", loop.time() - answered)
        if value < word or len(value) != len(word):
            raise FailedError("not_read_back", "the primary acknowledged a word, and holds another value")
        return begun

    async def _watch(self, line: Line, sighting: Sighting, word: str, begun: float) -> None:
        """Wait for the word at a member; without a notice, read the value twice."""
        patience = self._settings.deadline_seconds
        try:
            if not line.is_selected:
                sighting.first = sighting.second = ""
                return
            if not await line.until(word, begun + patience):
                sighting.first = await self._value(line, self._key)
                if sighting.first == word:
                    line.close()  # it has the word and did not tell: the next round watches anew
                elif not await line.until(word, asyncio.get_running_loop().time() + patience):
                    sighting.second = await self._value(line, self._key)
            if line.value == word:
                sighting.delay_seconds = line.told_at - begun
        except (LineError, ProtocolError):
            sighting.is_silent = True

    async def _save(self, home: Line) -> None:
        """Have new keys saved: an unsaved database may end a member at each start after it was killed.

        All snapshots share one operation id, and of two that overlap one waits for ever (protocol notes 5.2). So only
        while nothing is pending, and at a time that is left to chance: canaries that begin together save apart.
        """
        if self._rounds_until_saved is None:
            return
        if self._rounds_until_saved > 0:
            self._rounds_until_saved -= 1
            return
        await asyncio.sleep(self._settings.deadline_seconds * secrets.randbelow(100) / 100)
        if not await self._pending(home):
            await home.ask(canary.snapshot(self._settings.access.name))
            self._rounds_until_saved = None

    async def _pending(self, home: Line) -> int:
        return (await _told(home, commands.METRICS_STATE)).pending_operations

    async def _put(self, home: Line, key: str, value: str) -> None:
        await self._change(home, canary.put(key, value))

    async def _change(self, home: Line, command: Command[object]) -> None:
        reply = await home.ask(command)
        if reply.error is not None:
            raise FailedError("refused", f"database {self._settings.access.name}: the primary refuses a write")

    async def _value(self, line: Line, key: str) -> str:
        """Return what a member holds; nothing, which is before every word, if it does not have the key."""
        return await _told(line, commands.get(key)) or ""


async def _told(line: Line, command: Command[T]) -> T:
    """Return what the reply means.

    Raises:
        LineError: there is none.
        ProtocolError: the member refuses, or the reply is not in its grammar.
    """
    reply = await line.ask(command)
    if reply.text is None:
        raise ProtocolError(f"{command}: refused")
    return command.read(reply.text)
