"""A family of metrics and one value of it, as plain data."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal, NamedTuple


class Sample(NamedTuple):
    """One value of a family; `labels` are the label values in the order of the family's label names."""

    family: "Family"
    labels: tuple[str, ...]
    value: float


# Families are compared by identity, which is faster: each is created once, and a scrape does hundreds of lookups.
@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A metric family, defined once: samples, panels, alerting rules, documentation and tests refer to this object."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    meaning: str
    """What the value says, as a sentence without its full stop."""
    source: str
    """Where the value comes from: `command: field`, or a source of the exporter's own."""
    _: KW_ONLY
    since: str | None
    """The month of the first Nun-db that has the value; None if it does not depend on Nun-db's version."""
    labels: tuple[str, ...] = ()
    caveat: str = ""
    """What a reader must know to interpret the value; empty if there is nothing."""
    part_of: "Family | None" = None
    """The histogram that this is a series of: a page shows it below that family's HELP and TYPE."""

    @property
    def help(self) -> str:
        """The HELP text of a page: the meaning, then the source in brackets."""
        return f"{self.meaning} ({self.source})."

    def __str__(self) -> str:
        return self.name

    def where(self, *matchers: str, **equal: str) -> str:
        """Return the family in PromQL, narrowed to label values, and by matchers such as `role!="primary"`."""
        narrowed = [*matchers, *(f'{label}="{value}"' for label, value in equal.items())]
        return f"{self.name}{{{','.join(narrowed)}}}" if narrowed else self.name

    def select(self, *matchers: str, **equal: str) -> str:
        """Return the family in PromQL, narrowed by the dashboard's variables and as by `where`."""
        variables = ['job=~"$job"', 'instance=~"$instance"']
        if "database" in self.labels:
            variables.append('database=~"$database"')
        return self.where(*variables, *matchers, **equal)

    @property
    def selected(self) -> str:
        """The family in PromQL, narrowed by the dashboard's variables."""
        return self.select()

    def sample(self, value: float, *labels: str) -> Sample:
        """Return one sample of this family."""
        # As Sample(…), whose function in Python would run once more for each line of each page.
        return tuple.__new__(Sample, (self, labels, value))
