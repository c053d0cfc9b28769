"""The databases of the node."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import LIST_DBS

COUNT: Final = Family(
    "nundb_databases", "gauge", "Databases that the node lists, $admin included", "debug list-dbs", since="2023-02"
)
INFO: Final = Family(
    "nundb_database_info",
    "gauge",
    "A database of the node and its conflict strategy: none, newer or arbiter; the value is always 1; at most the 500 "
    "first by name of those that match --collector.databases.pattern",
    "debug list-dbs",
    since="2023-02",
    labels=("database", "strategy"),
    caveat="A replica that joined late may have lost the strategy: compare the nodes.",
)
MAX_SHOWN: Final = 500
"""Whoever may create databases may create any number, and each would be a series for ever."""


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the list, if the server has the command."""
    listed = answers.read(LIST_DBS)
    if listed is None:
        return
    yield COUNT.sample(len(listed))
    pattern = answers.options.databases_pattern
    chosen = (database for database in listed if pattern is None or pattern.fullmatch(database[0]))
    for name, strategy in islice(chosen, MAX_SHOWN):
        yield INFO.sample(1, name, strategy)


COLLECTOR: Final = Collector(
    name="databases",
    help="Databases and their conflict strategies.",
    commands=(LIST_DBS,),
    families=(COUNT, INFO),
    parse=parse,
    panels=(
        Panel(
            "Databases by node",
            COUNT.selected,
            "short",
            "Number of databases of each node, including $admin. All nodes of a cluster should have the same.",
        ),
        Panel(
            "Databases",
            f"count by (job, database, strategy) ({INFO.selected})",
            "short",
            "Each database and strategy, with the number of nodes that have it; all should. A replica that joined "
            "late may have lost the strategy.",
            value_title="Nodes",
            kind="table",
        ),
    ),
)
