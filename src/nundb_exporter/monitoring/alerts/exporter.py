"""The exporter: whether it is there, and whether it sees all that it should."""

from nundb_exporter.metrics import (
    COLLECTOR_SUCCESS,
    REQUESTS_REJECTED,
    SAMPLES_DROPPED,
    SCRAPE_DURATION,
    SCRAPE_TIMEOUT,
    UP,
)
from nundb_exporter.monitoring.alert import CHECK, SAME_TARGET, Alert, Group, promql

DOWN = Alert(
    name="NundbExporterDown",
    # By the job and not by the target: one that has never answered is missed as well.
    expression=promql(f"""
        up == 0 and on (job) present_over_time({UP}[1d])
        or
        up{{job=~".*nun-?db.*"}} == 0
    """),
    wait="2m",
    severity="critical",
    summary="An exporter of Nun-db cannot be scraped.",
    description="Prometheus has no metrics from {{ $labels.instance }} (job {{ $labels.job }}) for two minutes: "
    "nothing is known of its node.",
    meaning="It says nothing about the database: the exporter answers even when the node is down. Whatever the job is "
    "called, its targets are known by what one of them served within the last day; in a job with `nundb` or `nun-db` "
    "in its name none need ever have.",
    confirm=("curl --silent --show-error http://EXPORTER:9898/-/healthy", "curl --silent http://EXPORTER:9898/metrics"),
    evidence="The page does not come, or not within Prometheus' scrape_timeout. Prometheus' page /targets shows the "
    "error it met.",
    remedy="Start the exporter; a wrong setting ends it with one line that names the setting. If it answers slowly, "
    "raise scrape_timeout.",
    confusion="A network between Prometheus and the exporter that is cut. A target that was taken out of the "
    "configuration is silent. A job that scrapes other things as well: give the exporters one of their own.",
)
ABSENT = Alert(
    name="NundbExporterAbsent",
    expression=promql(f"""
        group by (job) (present_over_time({UP}[1d]))
        unless on (job)
        group by (job) (up)
    """),
    wait="10m",
    severity="critical",
    summary="All exporters of Nun-db have vanished from Prometheus.",
    description="The job {{ $labels.job }} had Nun-db nodes within the last day, and has no target now.",
    meaning="Service discovery gives no target, or the job was removed: every other alert of this job is silent now.",
    confirm=("curl --silent 'http://PROMETHEUS:9090/api/v1/targets?state=active'",),
    evidence="No target of the job is listed.",
    remedy="Repair the service discovery, or the job's relabelling.",
    confusion="A job that was removed or renamed on purpose: the alert ends a day later by itself.",
)
COLLECTOR_FAILING = Alert(
    name="NundbCollectorFailing",
    # Of the scrapes in which the node was up: no collector succeeds in the others, and NundbDown tells that.
    expression=promql(f"""
        avg_over_time({COLLECTOR_SUCCESS}[10m])
          < {SAME_TARGET} group_left ()
        0.5 * avg_over_time({UP}[10m])
    """),
    wait="10m",
    severity="warning",
    summary="A collector of the exporter fails more often than not.",
    description="The collector {{ $labels.collector }} of {{ $labels.instance }} (job {{ $labels.job }}) has failed in "
    "most scrapes of 20 minutes; its metrics are missing.",
    meaning="The node answers, but not what this collector asks: a database's token is wrong (connections, conflicts, "
    "keys), the answer came too late or is too long, or its text is not understood.",
    confirm=(CHECK,),
    evidence="`check` names the collector and why it failed; so does the exporter's log, once at each change.",
    remedy="For a database: correct its token file. For answers that are too late: see NundbScrapeSlow. For a text "
    "that is not understood: report it. A collector that you do not need: --no-collector.NAME.",
    confusion="A node so slow that some answers miss the deadline now and then: then less than half of them fail.",
)
SLOW_SHARE = 0.8
SCRAPE_SLOW = Alert(
    name="NundbScrapeSlow",
    expression=promql(f"""
        avg_over_time({SCRAPE_DURATION}[5m])
          > {SAME_TARGET}
        {SLOW_SHARE} * {SCRAPE_TIMEOUT}
        and {SAME_TARGET} {UP} == 1
    """),
    wait="5m",
    severity="warning",
    summary="Scrapes of a Nun-db node come close to their timeout.",
    description="A scrape of the node behind {{ $labels.instance }} (job {{ $labels.job }}) takes {{ $value | "
    "humanizeDuration }} on average: more than four fifths of its timeout.",
    meaning="The node answers late, or a collector asks for something large. A little more and values will be missing.",
    confirm=(f"time {CHECK}", "curl --silent http://EXPORTER:9898/metrics | grep nundb_scrape_"),
    evidence="nundb_scrape_collector_duration_seconds tells which collector takes long; if none does, it is the "
    "request that all share, and the node is slow.",
    remedy="Switch the costly collector off (`keys` grows with the data), or raise scrape_timeout. If the node is "
    "slow, see NundbQueriesSlow.",
    confusion=f"A scrape_timeout that is short for the network between exporter and node. What Prometheus allows is "
    f"{SCRAPE_TIMEOUT}.",
)
REQUESTS_REFUSED = Alert(
    name="NundbExporterRequestsRejected",
    expression=f"increase({REQUESTS_REJECTED}[15m]) > 0",
    wait="1m",
    severity="warning",
    summary="The exporter has refused scrapes because too many were under way.",
    description="{{ $labels.instance }} (job {{ $labels.job }}) has answered {{ $value | humanize }} requests with 503 "
    "within 15 minutes.",
    meaning="More requests were under way than --web.max-requests allows: a node that hangs holds every scrape until "
    "its deadline, and many clients ask at once.",
    confirm=("curl --silent http://EXPORTER:9898/metrics | grep -E 'rejected|open_fds'",),
    evidence="The counter rises.",
    remedy="Find who scrapes so much (a proxy's log, `ss -tn`). Raise --web.max-requests if they have reason to.",
    confusion="None: the exporter counts what it has refused itself.",
)
SAMPLES_LOST = Alert(
    name="NundbExporterSamplesDropped",
    expression=f"increase({SAMPLES_DROPPED}[15m]) > 0",
    wait="5m",
    severity="info",
    summary="The exporter leaves samples out because they occur twice.",
    description="{{ $labels.instance }} (job {{ $labels.job }}) has left {{ $value | humanize }} samples out within 15 "
    "minutes.",
    meaning="Two samples of one page had the same name and labels: the node listed something twice, such as a member. "
    "The first was kept, so that the page as a whole is still good.",
    confirm=(CHECK, "curl --silent http://EXPORTER:9898/metrics | grep dropped"),
    evidence="A member or database that stands twice in the report.",
    remedy="Report it, with the output of `check`.",
    confusion="None: the exporter counts what it has left out itself.",
)
GROUP = Group(
    "nundb-exporter",
    "The exporter",
    (DOWN, ABSENT, COLLECTOR_FAILING, SCRAPE_SLOW, REQUESTS_REFUSED, SAMPLES_LOST),
)
