"""Conflicts by database: the records that Nun-db keeps under `$conflicts_<key>_<operation>`."""

from collections.abc import Iterable, Mapping, Sequence

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import CONFLICT_KEYS, Command, get
from nundb_exporter.protocol.fields import conflict_keys

COUNT = Family(
    "nundb_database_conflicts",
    "gauge",
    "Conflicts recorded in the database: unresolved, or resolved and kept until the next arbiter registers "
    "(keys $conflicts_*).",
    labels=("database", "state"),
    since="2023-11",
    caveat="The state is read for at most 1000 conflicts of a database, and not for keys that contain `;`: the others "
    "count as unresolved.",
)

MAX_ASKED = 1000
_STATES = {"resolve": "unresolved", "resolved": "resolved"}


def _is_askable(key: str) -> bool:
    """Whether the name is safe inside a command: it is chosen by whoever writes to the database.

    `;` would end the command and start another of the writer's choice, with our rights.
    """
    return not any(character in key for character in "; \r\n")


def _asked(payload: str) -> list[str]:
    """Return the records whose value is asked for; there are as many as anybody who may write cares to make."""
    return [key for key in conflict_keys(payload) if _is_askable(key)][:MAX_ASKED]


def database_follow_up(answers: Answers) -> Mapping[str, Sequence[Command]]:
    """Ask for the value of each record: its first word tells its state.

    Databases are asked side by side: one that has not answered yet, or refuses, must not cost the others' questions.
    """
    questions = {}
    for name in answers.options.databases:
        told = answers.database.get((name, CONFLICT_KEYS))
        if told is not None and told.text is not None and (asked := _asked(told.text)):
            questions[name] = [get(key) for key in asked]
    return questions


def parse(answers: Answers) -> Iterable[Sample]:
    """Count the records by state.

    A record that vanished in between is none; nor is a key that a client has named like one (anybody may).
    """
    for name in answers.opened_databases():
        payload = answers.database_payload(name, CONFLICT_KEYS)
        if payload is None:
            continue
        asked = _asked(payload)
        counts = {"unresolved": len(conflict_keys(payload)) - len(asked), "resolved": 0}
        for key in asked:
            value = answers.database_payload(name, get(key)) or ""
            state = _STATES.get(value.partition(" ")[2].partition(" ")[0])
            if state is not None:
                counts[state] += 1
        for label, count in counts.items():
            yield COUNT.sample(count, name, label)


COLLECTOR = Collector(
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
