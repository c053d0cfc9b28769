"""Connections by database."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import CONNECTIONS

OPEN: Final = Family(
    "nundb_database_connections",
    "gauge",
    "Connections that have selected the database, without the exporter's own",
    "get-safe $connections",
    since="2021-12",
    labels=("database",),
    caveat="The node's own count, per node; a connection that selects a database twice leaks one.",
)


def parse(answers: Answers) -> Iterable[Sample]:
    """Read each database's counter. It includes the exporter's own session."""
    for name in answers.opened_databases():
        count = answers.read_in(name, CONNECTIONS)
        if count is not None:
            yield OPEN.sample(max(count - 1, 0), name)


COLLECTOR: Final = Collector(
    name="connections",
    help="Connections by database, for databases with a configured token.",
    database_commands=(CONNECTIONS,),
    families=(OPEN,),
    parse=parse,
    panels=(
        Panel(
            "Connections",
            OPEN.selected,
            "short",
            "Connections as the node counts them, without the exporter's own. If the number only rises, Nun-db or a "
            "client leaks connections. Only databases with a configured token.",
            "{{database}} on {{instance}}",
        ),
    ),
)
