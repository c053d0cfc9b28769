"""The types: alerting rule, recording rule and group, as plain data."""

import textwrap
from dataclasses import dataclass
from typing import Final, TypedDict

from nundb_exporter.problems.problem import Problem, Severity

SAME_TARGET: Final = "on (job, instance)"
"""Joins series of one scraped page."""
NODE: Final = "the node behind {{ $labels.instance }} (job {{ $labels.job }})"
CLUSTER: Final = "the cluster {{ $labels.job }}"
"""One job is one cluster."""


def promql(text: str) -> str:
    """Return an expression that is written over several indented lines without its indentation."""
    return textwrap.dedent(text).strip()


def prose(text: str) -> str:
    """Return a text that is written over several indented lines as one line."""
    return " ".join(line.strip() for line in text.strip().splitlines())


def ask(command: str) -> str:
    """Return the shell command that asks a node; the password is not on the command line, where `ps` would show it."""
    quoted = command.replace("$", r"\$")
    return f"""printf '%s' "auth $NUN_USER $NUN_PWD;{quoted}" | curl --silent --data-binary @- http://NODE:3013"""


CHECK_COMMAND: Final = "nundb-exporter check http://NODE:3013"
CHECK_ALL_COMMAND: Final = "nundb-exporter check http://NODE-1:3013 http://NODE-2:3013 http://NODE-3:3013"
COMPARE_COMMAND: Final = "nundb-exporter compare http://NODE-1:3013 http://NODE-2:3013 http://NODE-3:3013"
"""Needs the databases' tokens in the configuration file."""
PENDING_COMMAND: Final = "nundb-exporter pending --nundb.url http://NODE:3013"
FORGET_COMMAND: Final = ask("replicate-leave MEMBER")
"""Lets a node drop a member, without an election."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alerting rule, with everything that a person on call needs."""

    name: str
    expression: str
    wait: str
    """How long the expression must hold: the rule's `for`."""
    severity: Severity
    summary: str
    """One sentence, without template variables."""
    description: str
    """What happened where; a Prometheus template."""
    meaning: str
    """What it means in Nun-db."""
    confirm: tuple[str, ...]
    """Commands that confirm it."""
    evidence: str
    """What the commands print if it is confirmed."""
    advice: str = ""
    """What to do first, in the words of `check`; empty if `check` cannot see the problem."""
    remedy: str = ""
    """What to do, or what to do after that."""
    other_causes: str
    """Other causes that fire the alert, and near misses that do not."""
    needs: str = ""
    """What must be enabled for it; empty if the defaults suffice."""

    @property
    def anchor(self) -> str:
        """The heading in the runbook, as links name it."""
        return self.name.lower()


class Told(TypedDict):
    """What an alert takes from a problem."""

    name: str
    severity: Severity
    summary: str
    description: str
    advice: str


def told(problem: Problem, **fields: str) -> Told:
    """Return what an alert takes from a problem; `fields` are the fields of its sentence, as Prometheus templates.

    Raises:
        ValueError: a field is missing, or there is none of that name.
    """
    sentence = problem.say(**fields)
    return Told(
        name=problem.name,
        severity=problem.severity,
        summary=problem.title,
        description=sentence[0].upper() + sentence[1:],
        advice=problem.advice,
    )


def counted(noun: str) -> str:
    """Return the template of the alert's value and its noun: `1 operation`, `2 operations`."""
    return f"{{{{ $value }}}} {noun}{{{{ if ne $value 1.0 }}}}s{{{{ end }}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording rule, and what its series mean."""

    name: str
    """`level:metric:operation`."""
    expression: str
    help: str


@dataclass(frozen=True, slots=True)
class Group:
    """Alerting rules on one subject, evaluated together."""

    name: str
    about: str
    alerts: tuple[Alert, ...]
