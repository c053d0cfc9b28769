"""Keys by database; off by default, because the cost grows with the number of keys."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample
from nundb_exporter.protocol.commands import KEYS

COUNT: Final = Family(
    "nundb_database_keys",
    "gauge",
    "Keys that the database lists to the holder of its token, including `$connections` and conflict records",
    "keys",
    since="2021-12",
    labels=("database",),
    caveat="The node builds the whole list each time: 62 ms for 20,000 keys, growing quadratically.",
)


def parse(answers: Answers) -> Iterable[Sample]:
    """Count each database's keys."""
    for name in answers.opened_databases():
        names = answers.read_in(name, KEYS)
        if names is not None:
            yield COUNT.sample(len(names), name)


COLLECTOR: Final = Collector(
    name="keys",
    help="Keys by database, for databases with a configured token; the cost grows with the data.",
    database_commands=(KEYS,),
    families=(COUNT,),
    parse=parse,
    is_default=False,
    panels=(
        Panel(
            "Keys",
            COUNT.selected,
            "short",
            "Keys that the database lists. Needs --collector.keys, which is off by default because its cost grows "
            "with the data, and the database's token.",
            "{{database}} on {{instance}}",
        ),
    ),
)
