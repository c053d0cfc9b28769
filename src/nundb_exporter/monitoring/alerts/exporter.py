"""The exporter: whether it runs, and whether it collects everything that it should."""

from typing import Final

from nundb_exporter.metrics import (
    COLLECTOR_SUCCESS,
    CONFIG_RELOAD_SUCCESSFUL,
    REQUESTS_REJECTED,
    SAMPLES_DROPPED,
    SCRAPE_DURATION,
    SCRAPE_TIMEOUT,
    UP,
)
from nundb_exporter.monitoring.rule import (
    CHECK_COMMAND,
    FORGET_COMMAND,
    NODE,
    SAME_TARGET,
    Alert,
    Group,
    ask,
    promql,
    prose,
    told,
)
from nundb_exporter.problems import exporter as problems

DOWN: Final = Alert(
    name="NundbExporterDown",
    # By job and not by target, to include a target that has never answered.
    expression=promql(f"""
        up == 0 and on (job) present_over_time({UP}[1d])
        or
        up{{job=~".*nun-?db.*"}} == 0
    """),
    wait="2m",
    severity="critical",
    summary="A Nun-db exporter cannot be scraped.",
    description=prose("""
        Prometheus has had no metrics from {{ $labels.instance }} (job {{ $labels.job }}) for two minutes: the state of
        its node is unknown.
    """),
    meaning=prose("""
        This says nothing about the database: the exporter answers even when its node is down. The rule covers the
        targets of a job if one of them served the exporter's metrics within the last day, or if the job has `nundb` or
        `nun-db` in its name.
    """),
    confirm=("curl --silent --show-error http://EXPORTER:9898/-/healthy", "curl --silent http://EXPORTER:9898/metrics"),
    evidence=prose("""
        The page does not load, or not within Prometheus' scrape_timeout. Prometheus' page /targets shows the error.
    """),
    remedy=prose("""
        Start the exporter; with a wrong setting it exits and prints one line that names the setting. If it answers
        slowly, raise scrape_timeout.
    """),
    other_causes=prose("""
        The network between Prometheus and the exporter is down. The job also scrapes something else: give the exporters
        a job of their own. A target that was removed from the configuration does not fire the alert.
    """),
)
ABSENT: Final = Alert(
    name="NundbExporterAbsent",
    expression=promql(f"""
        group by (job) (present_over_time({UP}[1d]))
        unless on (job)
        group by (job) (up)
    """),
    wait="10m",
    severity="critical",
    summary="All Nun-db exporters of a job have disappeared from Prometheus.",
    description="The job {{ $labels.job }} had Nun-db nodes within the last day, and has no target now.",
    meaning="Service discovery finds no target, or the job was removed. No other alert of this job can fire now.",
    confirm=("curl --silent 'http://PROMETHEUS:9090/api/v1/targets?state=active'",),
    evidence="No target of the job is listed.",
    remedy="Fix the service discovery, or the job's relabelling.",
    other_causes="The job was removed or renamed on purpose: the alert resolves by itself a day later.",
)
COLLECTOR_FAILING: Final = Alert(
    **told(
        problems.COLLECTOR_FAILING,
        collector="{{ $labels.collector }}",
        node=NODE,
        reason="it has failed in most scrapes for 20 minutes",
    ),
    # Only scrapes in which the node was up: no collector succeeds in the others, for which NundbDown fires. A page
    # without a node has what is read beside it alone.
    expression=promql(f"""
        avg_over_time({COLLECTOR_SUCCESS}[10m])
          < {SAME_TARGET} group_left ()
        0.5 * avg_over_time({UP}[10m])
        or
        avg_over_time({COLLECTOR_SUCCESS}[10m]) < 0.5
        unless {SAME_TARGET} present_over_time({UP}[10m])
    """),
    wait="10m",
    meaning=prose("""
        The node answers, but this collector's requests fail: a database's token is wrong (connections, conflicts,
        keys), a reply is too late or too long, or it cannot be parsed.
    """),
    confirm=(CHECK_COMMAND,),
    evidence="`check` names the collector and why it failed; the exporter's log does too, once per change.",
    remedy="For late replies: see NundbScrapeSlow. For a reply that cannot be parsed: report it.",
    other_causes=prose("""
        A node is so slow that some replies miss the deadline now and then: that fires the alert only if more than half
        of the scrapes fail.
    """),
)
SCRAPE_SLOW: Final = Alert(
    **told(problems.SCRAPE_SLOW, node=NODE, duration="{{ $value | humanizeDuration }} on average"),
    expression=promql(f"""
        avg_over_time({SCRAPE_DURATION}[5m])
          > {SAME_TARGET}
        {problems.SLOW_SHARE} * {SCRAPE_TIMEOUT}
        and {SAME_TARGET} {UP} == 1
    """),
    wait="5m",
    meaning=prose("""
        The node answers slowly, or a collector asks for a large reply. If scrapes become slower still, values will be
        missing.
    """),
    confirm=(f"time {CHECK_COMMAND}", "curl --silent http://EXPORTER:9898/metrics | grep nundb_scrape_"),
    evidence=prose("""
        nundb_scrape_collector_duration_seconds shows which collector takes long; if none does, it is the request that
        all collectors share, and the node is slow.
    """),
    remedy="If the node is slow, see NundbQueriesSlow.",
    other_causes=prose(f"""
        The scrape_timeout is too short for the network between exporter and node. {SCRAPE_TIMEOUT} shows how long a
        scrape may take.
    """),
)
REQUESTS_REFUSED: Final = Alert(
    name="NundbExporterRequestsRejected",
    expression=f"increase({REQUESTS_REJECTED}[15m]) > 0",
    wait="1m",
    severity="warning",
    summary="The exporter has refused requests because there were too many.",
    description=prose("""
        {{ $labels.instance }} (job {{ $labels.job }}) has answered {{ $value | humanize }} requests with 503 or 429
        within 15 minutes.
    """),
    meaning=prose("""
        More requests were in progress than --web.max-requests allows (503): each scrape of a node that hangs lasts
        until its deadline, and many clients ask at once. Or more came than rate_limit allows in --web.config.file
        (429).
    """),
    confirm=("curl --silent http://EXPORTER:9898/metrics | grep -E 'rejected|open_fds'",),
    evidence="The counter rises.",
    remedy="Find out who asks so much (a proxy's log, `ss -tn`). Raise the limit if they need to.",
    other_causes="None: the exporter counts the requests that it refuses.",
)
SAMPLES_LOST: Final = Alert(
    name="NundbExporterSamplesDropped",
    expression=f"increase({SAMPLES_DROPPED}[15m]) > 0",
    wait="5m",
    severity="info",
    summary="The exporter drops duplicate samples.",
    description=prose("""
        {{ $labels.instance }} (job {{ $labels.job }}) has dropped {{ $value | humanize }} samples within 15 minutes.
    """),
    meaning=prose("""
        Two samples of one page had the same name and labels: the node listed something twice, such as a member. The
        first sample is kept, so the page is still valid.
    """),
    confirm=(
        CHECK_COMMAND,
        ask("cluster-state"),
        "curl --silent http://EXPORTER:9898/metrics | grep dropped",
    ),
    evidence=prose("""
        The report shows a member or database twice; the node's own list shows how its name is written. A member whose
        name has a comma reads like two.
    """),
    remedy=prose(f"""
        Take a member out whose name nobody should have, on each node that lists it, with its name as `cluster-state`
        writes it: `{FORGET_COMMAND}`. If a node has that name, start it with another `--external-address`. Report
        anything else, with the output of `check`; until it is mended, --no-collector.NAME leaves out what is listed
        twice.
    """),
    other_causes="None: the exporter counts the samples that it drops.",
)
RELOAD_FAILED: Final = Alert(
    name="NundbExporterReloadFailed",
    expression=f"{CONFIG_RELOAD_SUCCESSFUL} == 0",
    wait="5m",
    severity="warning",
    summary="A Nun-db exporter could not read its settings again.",
    description=prose("""
        {{ $labels.instance }} (job {{ $labels.job }}) goes on with the settings from before: those that it was told to
        read have an error.
    """),
    meaning=prose("""
        SIGHUP or POST /-/reload found an error in the configuration file, or a file that it names cannot be read. A
        restart now would end the exporter.
    """),
    confirm=("curl --silent --request POST http://EXPORTER:9898/-/reload", "nundb-exporter check-config FILE"),
    evidence="Both name file, line and cause of each error.",
    remedy="Correct the file, then reload again.",
    other_causes="The file was being written at that moment: reload again.",
)
GROUP: Final = Group(
    "nundb-exporter",
    "The exporter",
    (DOWN, ABSENT, COLLECTOR_FAILING, SCRAPE_SLOW, REQUESTS_REFUSED, SAMPLES_LOST, RELOAD_FAILED),
)
