"""Nodes as a scrape has seen them, from samples or from what the node has said."""

import asyncio
from collections.abc import Mapping
from typing import Final

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.collectors import cluster as cluster_collector
from nundb_exporter.collectors import databases as databases_collector
from nundb_exporter.errors import TargetError
from nundb_exporter.judge import Finding, NodeReport, describe, judge
from nundb_exporter.metrics import Answers, Options, Sample
from nundb_exporter.protocol.commands import CLUSTER_STATE, LIST_DBS, METRICS_STATE, PENDING_OPS, PROCESS_INFO
from nundb_exporter.protocol.replies import Reply
from nundb_exporter.results import CollectorResult, Scrape
from tests.scripted import scripted_node

NOW: Final = 1795400500.0
URL: Final = "http://a:3013"
ALONE: Final = " a:1(self):Primary ,"
TWO: Final = " a:1(self):Primary , b:1(Connected):Secoundary,"  # sic
_NUMBERS: Final = (
    "op_log_file_size: 350, op_log_count: 14,replication_time_moving_avg: 39.5, get_query_time_moving_avg: 0.25"
)


def observed(
    *samples: Sample,
    url: str = URL,
    error: TargetError | None = None,
    failures: Mapping[str, str] | None = None,
    options: Options | None = None,
    seconds: float = 0.001,
    allowed: float | None = None,
    now: float = NOW,
) -> NodeReport:
    """Return the report of a node that has given these samples or this error."""
    collectors = {} if error else {name: CollectorResult(0.001) for name in ("cluster", "databases", "pending")}
    collectors |= {name: CollectorResult(0.001, failure) for name, failure in (failures or {}).items()}
    return describe(url, Scrape(samples, Answers(options or Options()), collectors, error, seconds), now, allowed)


async def scraped(answers: Answers, *, url: str = URL, now: float = NOW) -> NodeReport:
    """Scrape a node that answers so, with the default collectors, and describe it."""
    scraper, _ = scripted_node(
        answers, *(collector.name for collector in COLLECTORS if collector.is_default), clock=lambda: now
    )
    scrape = await scraper.scrape(asyncio.get_running_loop().time() + 10)
    return describe(url, scrape, now)


def said(
    pending: str, members: str, databases: str = "dbs-list \n$admin : newer", listing: str = "pending-ops "
) -> Answers:
    """Return the answers of a node."""
    return Answers(
        Options(),
        {
            METRICS_STATE: Reply(f"metrics-state pending_ops: {pending}, {_NUMBERS}"),
            CLUSTER_STATE: Reply(f"cluster-state {members}"),
            PROCESS_INFO: Reply("process-info \nprocess_id: 1795400324150"),
            LIST_DBS: Reply(databases),
            PENDING_OPS: Reply(listing),
        },
    )


def node(url: str, role: str | None, members: str, *samples: Sample, now: float = NOW, **databases: str) -> NodeReport:
    """Return a node of a cluster; its members are written as `name=role`, its own with a star: `*a:1=primary`."""
    entries = [entry.split("=") for entry in members.split()]
    listed = [cluster_collector.MEMBER.sample(1, name.removeprefix("*"), each) for name, each in entries]
    links = [cluster_collector.CONNECTED.sample(1, name) for name, _ in entries if not name.startswith("*")]
    roles = (
        [] if role is None else [cluster_collector.ROLE.sample(each == role, each) for each in cluster_collector.ROLES]
    )
    strategies = {"$admin": "newer", **databases} if databases else {}
    held = [databases_collector.INFO.sample(1, name, strategy) for name, strategy in strategies.items()]
    return observed(*listed, *links, *roles, *held, *samples, url=url, now=now)


def found(*nodes: NodeReport) -> list[Finding]:
    """Return what is wrong with the nodes."""
    return list(judge(nodes).findings)


def sentences(*nodes: NodeReport) -> list[str]:
    """Return what is wrong with the nodes, in words."""
    return [finding.sentence for finding in found(*nodes)]
