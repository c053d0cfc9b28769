"""The role that the node acts in, which may differ from the one it reports; off by default."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.errors import ProtocolError
from nundb_exporter.metrics import Answers, Collector, Family, Panel, Sample, ShownAs
from nundb_exporter.protocol.commands import ACTING_ROLE

ACTING_PRIMARY: Final = Family(
    "nundb_node_acting_primary",
    "gauge",
    "Whether the node acts as primary, judged by how it refuses to create a database that exists; nothing is changed",
    "create-db $admin x",
    since="2021-12",
    caveat="0 for a secondary, and for every node during an election.",
)
_ANSWERS: Final = {"database already exists": 1, "Create database only allow from primary!": 0}


def parse(answers: Answers) -> Iterable[Sample]:
    """Derive the role from the text of the refusal."""
    reply = answers.node.get(ACTING_ROLE)
    if reply is None or reply.error not in _ANSWERS:
        raise ProtocolError("create-db $admin x: not one of the two refusals")
    yield ACTING_PRIMARY.sample(_ANSWERS[reply.error])


COLLECTOR: Final = Collector(
    name="acting_role",
    help="Whether the node acts as primary, whatever role it reports.",
    commands=(ACTING_ROLE,),
    families=(ACTING_PRIMARY,),
    parse=parse,
    is_default=False,
    panels=(
        Panel(
            "Acting as primary",
            ACTING_PRIMARY.selected,
            "short",
            "Whether a node acts as primary, whatever role it reports: exactly one should. Needs "
            "--collector.acting_role, which is off by default.",
            kind="states",
            shown_as=(ShownAs(0, "no", "blue"), ShownAs(1, "primary", "green")),
        ),
    ),
)
