"""Which alerts were seen on a real Nun-db, and when: three nodes of ca22706 under load, each fault by hand."""

from collections.abc import Iterator
from typing import NamedTuple

from nundb_exporter.monitoring.alerts import ALERTS

from .real.plan import DRILLS


class Seen(NamedTuple):
    """When an alert fired on a real cluster, in seconds after the fault."""

    fault: str
    shortened: str = ""
    """On the shortened scale."""
    shipped: str = ""
    """With the rules as they are shipped, and a scrape every 15 seconds; empty if that was not waited for."""


SEEN = {
    "NundbDown": Seen("a replica killed; the primary killed", "7-8", "122-147"),
    "NundbHung": Seen("a replica or the primary stopped with SIGSTOP", "7-8", "135-152"),
    "NundbCredentialsRefused": Seen("another password", "7", "130"),
    "NundbTransportDown": Seen("HTTP ended by panics; the WebSocket loop ended", "8-9", "138"),
    "NundbReplicaNotAcknowledging": Seen("a link that loses every packet, at 2 writes a second", "64", "135"),
    "NundbPendingGrowing": Seen("the same, and a replica stopped with SIGSTOP", "30-55"),
    "NundbPendingBacklog": Seen("the same at 25 writes a second, by the rule before this one", "64-104", "347"),
    "NundbOperationsLeaked": Seen("a replica killed with operations unacknowledged", "16"),
    "NundbSnapshotStuck": Seen("snapshots that overlapped", "32"),
    "NundbSeveralActingPrimaries": Seen(
        "a node started alone; links reset; a failed join; a bad failover", "6", "65-80"
    ),
    "NundbSeveralPrimaries": Seen("the same", "8-10", "125-140"),
    "NundbMembersDisagree": Seen("the same; a primary that forgets a replica", "16"),
    "NundbRoleNotActed": Seen("a primary that hears of an older candidate", "7"),
    "NundbNoActingPrimary": Seen("the same", "4-5"),
    "NundbNoPrimary": Seen("every node follows a primary that does not exist", "6"),
    "NundbDatabaseMissing": Seen("a database created while the primary has forgotten a replica", "16"),
    "NundbDatabaseStrategyDiffers": Seen("a replica synchronised from an empty directory", "17"),
    "NundbMemberMissing": Seen("a node and its exporter gone", "51"),
    "NundbResolveStorm": Seen("a resolve between two nodes; between three by the rule before this one: never", "21"),
    "NundbConnectionsLeaking": Seen("use-db twice on each connection", "180"),
    "NundbConflictsUnresolved": Seen("a conflict whose arbiter has gone", "46"),
    "NundbOplogNearLimit": Seen("a log made 0.95 GiB long with a hole", "47"),
    "NundbOplogOverLimit": Seen("a log made 1.3 GiB long with a hole", "47"),
    "NundbClocksApart": Seen("a clock an hour or 30 seconds ahead, or an hour behind", "6-7"),
    "NundbRestartLoop": Seen("a node started again and again", "9-25", "35-76"),
    "NundbElectionsFlapping": Seen("force-election, or the primary killed, five times", "7", "21"),
    "NundbCollectorFailing": Seen("a database's token changed", "46"),
    "NundbReplicationSlow": Seen("a resolve between three nodes", "63-87"),
    "NundbExporterDown": Seen("an exporter stopped", shipped="135"),
}
NOT_YET = "not yet"


def table() -> Iterator[str]:
    """Yield the lines of the section of docs/drills.md."""
    yield "## On a real Nun-db"
    yield ""
    yield "The same alerts on three real nodes under 5 to 50 writes a second, with an exporter for each and both sets"
    yield "of rules. *Shipped* is the time with the rules as they are; where it is empty, it was not waited for. In 13"
    yield "minutes of load without a fault, 4.4 hours of the rules' time, no alert fired. The last column names the"
    yield "drills of [drills-real.md](drills-real.md), which have the shipped rules' times since then."
    yield ""
    yield "| alert | fault by hand | shortened | shipped | drills on real nodes |"
    yield "|---|---|---|---|---|"
    for alert in ALERTS:
        drills = ", ".join(f"*{drill.name}*" for drill in DRILLS if alert in drill.fires)
        seen = SEEN.get(alert.name, Seen("" if drills else NOT_YET))
        times = (f"{time} s" if time else "" for time in (seen.shortened, seen.shipped))
        yield f"| [{alert.name}](runbook.md#{alert.anchor}) | {seen.fault} | {' | '.join(times)} | {drills} |"
