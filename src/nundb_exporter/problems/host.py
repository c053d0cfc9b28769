"""The host of a node: what its process uses of what it may."""

from typing import Final

from nundb_exporter.problems.problem import Problem

FULL_SHARE: Final = 0.8
"""Of the file descriptors: a burst of connections over HTTP takes the rest in a moment, two each."""

DESCRIPTORS_RUNNING_OUT: Final = Problem(
    name="NundbDescriptorsRunningOut",
    severity="critical",
    title="A Nun-db node is about to run out of file descriptors.",
    sentence=f"The process of {{node}} has opened {{share}} of the files that it may open, more than {FULL_SHARE:.0%}.",
    advice="Close connections that nobody needs, or raise the limit of the running process (`prlimit --nofile`).",
)

PROBLEMS: Final = (DESCRIPTORS_RUNNING_OUT,)
