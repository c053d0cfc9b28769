"""From a problem and its subject to a finding."""

from typing import Final

from nundb_exporter.judge.report import Finding
from nundb_exporter.problems.problem import Problem, Severity
from nundb_exporter.quantities import visible

CLUSTER: Final = "the cluster"
_ORDER: Final[tuple[Severity, ...]] = ("critical", "warning", "info")


def find(
    problem: Problem,
    *,
    node: str | None = None,
    member: str | None = None,
    database: str | None = None,
    **fields: str,
) -> Finding:
    """Return the finding, with the problem's sentence filled in.

    The subjects are fields as well, where the sentence has them; names in them are made visible. Without a node, the
    sentence is about the cluster.
    """
    subjects = {"node": node or CLUSTER, "member": member, "database": database}
    told = {name: visible(value) for name, value in subjects.items() if value is not None and name in problem.fields}
    return Finding(
        id=problem.name,
        severity=problem.severity,
        sentence=problem.say(**told, **fields),
        advice=problem.advice,
        runbook=problem.runbook_url,
        node=node,
        member=member,
        database=database,
    )


def is_problem(finding: Finding) -> bool:
    """Whether it is more than information."""
    return finding.severity != "info"


def rank(finding: Finding) -> int:
    """Return its place: the worst first."""
    return _ORDER.index(finding.severity)
