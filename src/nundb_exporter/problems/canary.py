"""The canary: whether a word can be written, and whether it reaches every member."""

from typing import Final

from nundb_exporter.problems.problem import Problem

LATE_SHARE: Final = 0.1
"""Of the words: on a healthy cluster none is late, on a machine with no CPU left a few are."""

FAILING: Final = Problem(
    name="NundbCanaryFailing",
    severity="warning",
    title="The canary of a Nun-db cluster cannot write.",
    sentence="The canary of {node} cannot write on the primary, or read back what it wrote: {reason}.",
    advice="Look at the reason: if it is not a setting of the canary, applications cannot write either.",
)
DIVERGED: Final = Problem(
    name="NundbReplicaDiverged",
    severity="critical",
    title="A Nun-db replica does not hold what was written on the primary.",
    sentence="{member} does not hold what was written on the primary of {cluster}, also at a second look.",
    advice="Read nothing from it until its data is repaired: copy the primary's files, or write each key again.",
)
DAMAGED: Final = Problem(
    name="NundbReplicaDamaged",
    severity="critical",
    title="A Nun-db replica has lost parts of values that nobody has changed.",
    sentence="{member} of {cluster} has lost words of a value that was written once and never again.",
    advice="Read nothing from it until its data is repaired: copy the primary's files, or write each key again.",
)
PAUSED: Final = Problem(
    name="NundbCanaryPaused",
    severity="info",
    title="The canary of a Nun-db cluster has stopped by itself.",
    sentence="The canary of {node} writes nothing, because a member hangs for which the primary would keep each write.",
    advice="Resume or kill the member that hangs; the canary goes on by itself.",
    has_alert=False,
)

PROBLEMS: Final = (FAILING, DIVERGED, DAMAGED, PAUSED)
