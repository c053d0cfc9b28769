"""The exporter: whether it could collect, and judge, everything that it should."""

from typing import Final

from nundb_exporter.problems.problem import Problem

SLOW_SHARE: Final = 0.8
"""Of its timeout, that a scrape may take."""

COLLECTOR_FAILING: Final = Problem(
    name="NundbCollectorFailing",
    severity="warning",
    title="A collector of the exporter fails.",
    sentence="The collector {collector} fails at {node}, and its metrics are missing: {reason}.",
    advice="Correct the database's token if it is refused, or disable the collector with --no-collector.NAME.",
)
SCRAPE_SLOW: Final = Problem(
    name="NundbScrapeSlow",
    severity="warning",
    title="Scrapes of a Nun-db node come close to their timeout.",
    sentence=f"A scrape of {{node}} takes {{duration}}, which is more than {SLOW_SHARE:.0%} of its timeout.",
    advice="Disable the expensive collector (the cost of `keys` grows with the data), or raise scrape_timeout.",
)
NOT_JUDGED: Final = Problem(
    name="NundbNotJudged",
    severity="info",
    title="Something about a Nun-db node could not be judged.",
    sentence="{subject} of {node} could not be judged: {reason}.",
    advice="Nothing is known to be wrong: remove the reason if you need to know.",
    has_alert=False,
)
"""`subject` is what is not known, as in `The role`."""

PROBLEMS: Final = (COLLECTOR_FAILING, SCRAPE_SLOW, NOT_JUDGED)
