"""The cluster as this node sees it: its members, their roles, and its own."""

from collections.abc import Iterable
from typing import Final

from nundb_exporter.metrics import Answers, Collector, Family, Panel, Query, Sample, ShownAs
from nundb_exporter.protocol.commands import CLUSTER_STATE

MEMBER: Final = Family(
    "nundb_cluster_member_info",
    "gauge",
    "A member of the cluster and its role as seen by this node: primary, secondary or starting_up; the value is "
    "always 1",
    "cluster-state",
    since="2020-10",
    labels=("member", "role"),
    caveat="The node's view: after a failover a node may list itself as primary and not act as one.",
)
CONNECTED: Final = Family(
    "nundb_cluster_member_connected",
    "gauge",
    "Whether this node has a link to the member; not exported for the node itself",
    "cluster-state",
    since="2023-11",
    labels=("member",),
    caveat="A member that hangs still counts as connected, because its connection stays open.",
)
ROLE: Final = Family(
    "nundb_node_role",
    "gauge",
    "The role that the node reports for itself: 1 for one of primary, secondary and starting_up",
    "cluster-state",
    since="2023-11",
    labels=("role",),
)
ROLES: Final = ("primary", "secondary", "starting_up")


def parse(answers: Answers) -> Iterable[Sample]:
    """Read the members. Before its first election a node lists none, not even itself: it is starting up."""
    members = answers.read(CLUSTER_STATE)
    if members is None:
        return
    for member in members:
        yield MEMBER.sample(1, member.name, member.role)
        if member.is_connected is not None:
            yield CONNECTED.sample(member.is_connected, member.name)
    own = next((member.role for member in members if member.is_self), None if members else "starting_up")
    if own is not None:
        for role in ROLES:
            yield ROLE.sample(role == own, role)


# One series per node, so that each node is one line: the number of the role that is 1.
_NUMBERED: Final = " or ".join(f"{number} * {ROLE.select(role=role)}" for number, role in enumerate(ROLES, 1))
ROLE_NUMBER: Final = f"max by (job, instance) ({_NUMBERED})"
ROLES_SHOWN: Final = (
    ShownAs(1, "primary", "green"),
    ShownAs(2, "secondary", "blue"),
    ShownAs(3, "starting up", "yellow"),
)
ROLE_PANEL: Final = Panel(
    "Role",
    ROLE_NUMBER,
    "short",
    "The role that each node reports for itself. Exactly one should be primary.",
    kind="states",
    shown_as=ROLES_SHOWN,
)

COLLECTOR: Final = Collector(
    name="cluster",
    help="Members of the cluster, their roles and links, as seen by this node.",
    commands=(CLUSTER_STATE,),
    families=(MEMBER, CONNECTED, ROLE),
    parse=parse,
    panels=(
        ROLE_PANEL,
        Panel(
            "Links",
            CONNECTED.selected,
            "short",
            "Whether a node has a link to a member. A member that hangs stays linked, because its connection is open.",
            "{{instance}} to {{member}}",
            kind="states",
            shown_as=(ShownAs(0, "broken", "red"), ShownAs(1, "linked", "green")),
        ),
        Panel(
            "Members as each node lists them",
            f"max by (job, instance, member, role) ({MEMBER.selected})",
            "short",
            "One row for each member in each node's list. All nodes of a cluster should list the same members.",
            kind="table",
            columns=(
                Query(
                    "Linked",
                    f"max by (job, instance, member) ({CONNECTED.selected})",
                    shown_as=(ShownAs(0, "no", "red"), ShownAs(1, "yes", "green")),
                ),
            ),
        ),
    ),
)
