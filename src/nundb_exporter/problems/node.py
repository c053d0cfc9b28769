"""One node: whether it answers, and its clock."""

from typing import Final

from nundb_exporter.problems.problem import Problem

CLOCK_TOLERANCE_SECONDS: Final = 5
"""A clock that differs from ours by more than this is wrong: scrapes take milliseconds, and machines with NTP agree to
them."""

DOWN: Final = Problem(
    name="NundbDown",
    severity="critical",
    title="A Nun-db node cannot be reached.",
    sentence="{node} cannot be reached: {reason}.",
    advice="Check that the node is running and that its address and port are correct.",
)
HUNG: Final = Problem(
    name="NundbHung",
    severity="critical",
    title="A Nun-db node accepts connections but does not answer.",
    sentence="{node} accepts connections but does not answer: {reason}.",
    advice="Resume the process if it is stopped (`kill -CONT`), or else kill it and start it again.",
)
CREDENTIALS_REFUSED: Final = Problem(
    name="NundbCredentialsRefused",
    severity="critical",
    title="A Nun-db node refuses the exporter's credentials.",
    sentence="{node} refuses the exporter's credentials: {reason}.",
    advice="Give the exporter the node's user and password: NUN_USER, and NUN_PWD or NUN_PWD_FILE.",
)
ANSWER_UNREADABLE: Final = Problem(
    name="NundbAnswerUnreadable",
    severity="critical",
    title="The replies of a Nun-db node cannot be parsed.",
    sentence="The replies of {node} are not Nun-db's: {reason}.",
    advice="Check that the address is that of a Nun-db node, and that its scheme fits the port.",
)
TRANSPORT_DOWN: Final = Problem(
    name="NundbTransportDown",
    severity="warning",
    title="One of the transports of a Nun-db node does not answer.",
    sentence="The {transport} listener of {node} does not answer, while another one does.",
    advice="Take a snapshot, then restart the node: a listener that has died comes back only then.",
)
CLOCKS_APART: Final = Problem(
    name="NundbClocksApart",
    severity="warning",
    title="The clocks of a Nun-db node and of Prometheus differ.",
    sentence="The clocks of {node} and of {observer} differ: {reason}.",
    advice="Run NTP on every machine, the one that compares the times included.",
)
"""`observer` is whose clock it is compared with: Prometheus, or this machine."""

PROBLEMS: Final = (DOWN, HUNG, CREDENTIALS_REFUSED, ANSWER_UNREADABLE, TRANSPORT_DOWN, CLOCKS_APART)
