"""Conflicts by database: the records that Nun-db keeps under `$conflicts_<key>_<operation>`."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import CONFLICT_KEYS, Command, get, is_readable

COUNT: Final = Family(
    "nundb_database_conflicts",
    "gauge",
    "Conflicts recorded in the database: unresolved, or resolved and kept until the next arbiter registers",
    "keys $conflicts_*",
    since="2023-11",
    labels=("database", "state"),
    caveat="The state is read for at most 1000 conflicts of a database, and not for keys that contain `;`: the others "
    "count as unresolved.",
)

MAX_ASKED: Final = 1000
_STATES: Final = {"resolve": "unresolved", "resolved": "resolved"}


def _asked(keys: Iterable[str]) -> list[str]:
    """Return the records whose value is asked for: a limited number, because any client can create more."""
    return list(islice(filter(is_readable, keys), MAX_ASKED))


def database_follow_up(answers: Answers, database: str) -> Iterable[Command[str | None]]:
    """Ask for the value of each record: its first word is its state."""
    return map(get, _asked(answers.read_in(database, CONFLICT_KEYS) or ()))


def parse(answers: Answers) -> Iterable[Sample]:
    """Count the records by state.

    A record that was removed in between is not counted, nor is a key that a client has named like a record.
    """
    for name in answers.opened_databases():
        keys = answers.read_in(name, CONFLICT_KEYS)
        if keys is None:
            continue
        asked = _asked(keys)
        counts = {"unresolved": len(keys) - len(asked), "resolved": 0}
        for key in asked:
            value = answers.read_in(name, get(key)) or ""
            state = _STATES.get(value.partition(" ")[0])
            if state is not None:
                counts[state] += 1
        for label, count in counts.items():
            yield COUNT.sample(count, name, label)


COLLECTOR: Final = Collector(
    name="conflicts",
    help="Conflicts by database and state, for databases with a configured token.",
    database_commands=(CONFLICT_KEYS,),
    database_follow_up=database_follow_up,
    families=(COUNT,),
    parse=parse,
    panels=(
        Panel(
            "Unresolved conflicts",
            COUNT.select(state="unresolved"),
            "short",
            "Writes that wait for an arbiter. Only databases with a configured token.",
            "{{database}} on {{instance}}",
            warning=1,
        ),
        Panel(
            "Resolved conflicts",
            COUNT.select(state="resolved"),
            "short",
            "Records that are kept until the next arbiter registers. Only databases with a configured token.",
            "{{database}} on {{instance}}",
        ),
    ),
)
