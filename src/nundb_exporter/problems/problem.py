"""The type: something that can be wrong, in words."""

from dataclasses import dataclass
from string import Formatter
from typing import Literal

from nundb_exporter.project import RUNBOOK

Severity = Literal["critical", "warning", "info"]
"""critical: page the person on call. warning: handle within the working day. info: for information."""


def runbook_url(name: str, runbook: str = RUNBOOK) -> str:
    """Return the URL of the entry of an alert or problem in a runbook."""
    return f"{runbook}#{name.lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that can be wrong, in the words that alerts, `check` and the landing page share."""

    name: str
    """Of the finding, of the alert and of its entry in the runbook."""
    severity: Severity
    title: str
    """One sentence without fields: the alert's summary."""
    sentence: str
    """One sentence with named fields: the alert's description, and the finding."""
    advice: str
    """One sentence: what to do first. The runbook begins with it and says more."""
    has_alert: bool = True
    """Whether an alert of that name exists; if not, the runbook has only the advice."""

    @property
    def runbook_url(self) -> str:
        """The URL of its entry in the runbook."""
        return runbook_url(self.name)

    @property
    def fields(self) -> frozenset[str]:
        """The names of the sentence's fields."""
        return frozenset(name for _, name, _, _ in Formatter().parse(self.sentence) if name)

    def say(self, **fields: str) -> str:
        """Return the sentence with its fields filled in.

        Raises:
            ValueError: a field is missing, or there is none of that name.
        """
        if fields.keys() != self.fields:
            raise ValueError(f"{self.name}: fields {sorted(fields)} instead of {sorted(self.fields)}")
        return self.sentence.format_map(fields)
