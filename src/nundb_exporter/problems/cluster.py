"""The cluster as a whole: its primary, its members and their links."""

from typing import Final

from nundb_exporter.problems.problem import Problem

NO_PRIMARY: Final = Problem(
    name="NundbNoPrimary",
    severity="critical",
    title="A Nun-db cluster has no primary.",
    sentence="No node of {cluster} is primary: {reason}.",
    advice="If an election does not end within seconds, start one on the node that started first.",
)
SEVERAL_PRIMARIES: Final = Problem(
    name="NundbSeveralPrimaries",
    severity="critical",
    title="Nodes of a Nun-db cluster list more than one primary.",
    sentence="{count} nodes of {cluster} are listed as primary: {names}.",
    advice="Decide which node's data to keep, and take a snapshot there.",
)
"""`names` are the members that are listed, or how to find out."""
SEVERAL_ACTING_PRIMARIES: Final = Problem(
    name="NundbSeveralActingPrimaries",
    severity="critical",
    title="More than one node of a Nun-db cluster acts as the primary.",
    sentence="{count} nodes of {cluster} act as primary: {names}.",
    advice="Decide which node's data to keep, and take a snapshot there.",
)
NO_ACTING_PRIMARY: Final = Problem(
    name="NundbNoActingPrimary",
    severity="critical",
    title="No node of a Nun-db cluster acts as the primary.",
    sentence="All nodes of {cluster} answer, and none acts as primary.",
    advice="If an election does not end within seconds, start one on the node that started first.",
)
ROLE_NOT_ACTED: Final = Problem(
    name="NundbRoleNotActed",
    severity="critical",
    title="A Nun-db node reports another role than the one it acts in.",
    sentence="{node} reports that it {reported} primary, and acts as if it {acted}.",
    advice="Compare its data with the primary's, unless an election is in progress.",
)
"""`reported` is `is` or `is not`, and `acted` is `were not` or `were`."""
MEMBERS_DISAGREE: Final = Problem(
    name="NundbMembersDisagree",
    severity="critical",
    title="Nodes of a Nun-db cluster disagree about its members.",
    sentence="Nodes of {cluster} disagree about its members: {listed_by} {member}.",
    advice="Stop the member that is missing from a list, and start it when no other node lists it.",
)
"""`listed_by` ends with a verb, as in `only 2 of 3 nodes list` or `http://10.0.0.1:3013 does not list`."""
LINK_DOWN: Final = Problem(
    name="NundbLinkDown",
    severity="critical",
    title="A Nun-db node has no link to a member of its cluster.",
    sentence="{node} has no link to {member}, which it lists.",
    advice="Check that the member is running and that the nodes can reach each other.",
    has_alert=False,
)
SAME_NODE: Final = Problem(
    name="NundbSameNode",
    severity="info",
    title="Two addresses lead to one Nun-db node.",
    sentence="{names} are the same node, {member}, and are judged as one.",
    advice="Give each node once, unless you mean to compare its transports.",
    has_alert=False,
)
"""`names` are the addresses."""
VERSIONS_DIFFER: Final = Problem(
    name="NundbVersionsDiffer",
    severity="info",
    title="Nodes of a Nun-db cluster run different versions of Nun-db.",
    sentence="Nodes of {cluster} run different versions of Nun-db: {reason}.",
    advice="Run the same version of Nun-db on every node.",
    has_alert=False,
)

PROBLEMS: Final = (
    NO_PRIMARY,
    SEVERAL_PRIMARIES,
    SEVERAL_ACTING_PRIMARIES,
    NO_ACTING_PRIMARY,
    ROLE_NOT_ACTED,
    MEMBERS_DISAGREE,
    LINK_DOWN,
    SAME_NODE,
    VERSIONS_DIFFER,
)
