"""Reports that the page is given, judged from the samples of a scrape that a test has written down."""

import time
from typing import Final

from nundb_exporter.collectors import cluster, pending, replication
from nundb_exporter.errors import TargetError
from nundb_exporter.judge import describe, describe_exporter, judge, to_json
from nundb_exporter.metrics import Answers, Options, Sample
from nundb_exporter.results import CollectorResult, Scrape

NOBODY: Final = "http://127.0.0.1:1"
"""The node of these reports, which is never asked."""

UP: Final = (
    *(cluster.ROLE.sample(role == "primary", role) for role in cluster.ROLES),
    cluster.MEMBER.sample(1, "a:1", "primary"),
    cluster.MEMBER.sample(1, "b:1", "secondary"),
    cluster.CONNECTED.sample(1, "b:1"),
    replication.PENDING.sample(0),
    pending.UNACKNOWLEDGED.sample(0, "b:1"),
)
"""A healthy primary with one secondary."""


def told(*samples: Sample, error: TargetError | None = None, failures: dict[str, str] | None = None) -> str:
    """Return the report of a node that has given these samples, or this error, and whose collectors have failed so."""
    results = {} if error else {name: CollectorResult(0.001) for name in ("cluster", "databases", "pending")}
    results |= {name: CollectorResult(0.001, failure) for name, failure in (failures or {}).items()}
    scrape = Scrape(samples, Answers(Options()), results, error, 0.001)
    now = time.time()
    return to_json(judge([describe(NOBODY, scrape, now)], describe_exporter((), "1.0", now)))
