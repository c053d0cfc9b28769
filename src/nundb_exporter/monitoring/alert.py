"""What an alerting rule, a recording rule and a group of them are: plain data."""

import textwrap
from dataclasses import dataclass
from typing import Final, Literal

RUNBOOK_URL: Final = "https://github.com/nundb-exporter/nundb-exporter/blob/main/docs/runbook.md"
SAME_TARGET: Final = "on (job, instance)"
"""How series of one scraped page are joined."""


def promql(text: str) -> str:
    """Return an expression written over several indented lines as it should stand in a file."""
    return textwrap.dedent(text).strip()


def ask(command: str) -> str:
    """Return the shell command that asks a node; the password is not on the command line, where `ps` would show it."""
    quoted = command.replace("$", r"\$")
    return f"""printf '%s' "auth $NUN_USER $NUN_PWD;{quoted}" | curl --silent --data-binary @- http://NODE:3013"""


CHECK: Final = "nundb-exporter check http://NODE:3013"
CHECK_ALL: Final = "nundb-exporter check http://NODE-1:3013 http://NODE-2:3013 http://NODE-3:3013"
PENDING: Final = "nundb-exporter pending --nundb.url http://NODE:3013"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alerting rule, with all that a person who is woken by it needs."""

    name: str
    expression: str
    wait: str
    """How long the expression must hold: the rule's `for`."""
    severity: Literal["critical", "warning", "info"]
    """critical: wake somebody. warning: within the working day. info: good to know."""
    summary: str
    """One sentence, the same each time."""
    description: str
    """What happened where; a template of Prometheus."""
    meaning: str
    """What it means in Nun-db."""
    confirm: tuple[str, ...]
    """Commands that show whether it is so."""
    evidence: str
    """What the commands print when it is."""
    remedy: str
    confusion: str
    """What else can look like it."""
    needs: str = ""
    """What must be switched on for it; empty where the defaults do."""

    @property
    def anchor(self) -> str:
        """The heading in the runbook, as links name it."""
        return self.name.lower()

    @property
    def runbook_url(self) -> str:
        """Where the runbook tells about it."""
        return f"{RUNBOOK_URL}#{self.anchor}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording rule, and what its series are good for."""

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
