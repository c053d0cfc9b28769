"""The databases of the node."""

from collections.abc import Iterable

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import LIST_DBS

INFO = Family(
    "nundb_database_info",
    "gauge",
    "A database of the node and its conflict strategy: none, newer or arbiter; the value is always 1",
    "debug list-dbs",
    since="2023-02",
    labels=("database", "strategy"),
    caveat="A replica that joined late may have lost the strategy: compare the nodes.",
)


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the list, if the server has the command."""
    for name, strategy in answers.read(LIST_DBS) or ():
        yield INFO.sample(1, name, strategy)


COLLECTOR = Collector(
    name="databases",
    help="Databases and their conflict strategies.",
    commands=(LIST_DBS,),
    families=(INFO,),
    parse=parse,
    panels=(
        Panel(
            "Databases by node",
            f"count by (job, instance) ({INFO.selected})",
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
