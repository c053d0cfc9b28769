"""Connections by database."""

from collections.abc import Iterable

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import CONNECTIONS
from nundb_exporter.protocol.fields import versioned_count

OPEN = Family(
    "nundb_database_connections",
    "gauge",
    "Connections that have the database selected, our own not among them (get-safe $connections).",
    labels=("database",),
    caveat="The node's own count: it leaks one when a connection selects a database twice, and is per node.",
)


def parse(answers: Answers) -> Iterable[Sample]:
    """Read each database's counter. It includes the session that asks."""
    for name in answers.opened_databases():
        payload = answers.database_payload(name, CONNECTIONS)
        if payload is not None:
            yield OPEN.sample(max(versioned_count(payload) - 1, 0), name)


COLLECTOR = Collector(
    name="connections",
    help="Connections by database, of the databases whose token is configured.",
    database_commands=(CONNECTIONS,),
    families=(OPEN,),
    parse=parse,
    panels=(
        Panel(
            "Connections",
            OPEN.selected,
            "short",
            "As the node counts them, ours left out. A floor that only rises is Nun-db's leak or a client's. "
            "Only databases whose token is configured.",
            "{{database}} on {{instance}}",
        ),
    ),
)
