"""The families of the scrape itself and of the exporter."""

from typing import Final

from nundb_exporter.errors import Reason
from nundb_exporter.metrics.family import Family

UP: Final = Family(
    "nundb_up",
    "gauge",
    "Whether the node answered, accepted the credentials and returned valid metrics",
    "metrics-state",
    since="2021-10",
)
SCRAPE_FAILURE: Final = Family(
    "nundb_scrape_failure",
    "gauge",
    "Why the node is not up: 1 for the reason, 0 for all others; all are 0 while it is up",
    "nundb-exporter",
    since=None,
    labels=("reason",),
)
SCRAPE_DURATION: Final = Family(
    "nundb_scrape_duration_seconds",
    "gauge",
    "Time that the scrape of the node took",
    "nundb-exporter",
    since=None,
)
SCRAPE_TIMEOUT: Final = Family(
    "nundb_scrape_timeout_seconds",
    "gauge",
    "Time that the scrape was allowed: Prometheus' scrape_timeout, less --timeout-offset",
    "nundb-exporter: X-Prometheus-Scrape-Timeout-Seconds",
    since=None,
)
COLLECTOR_DURATION: Final = Family(
    "nundb_scrape_collector_duration_seconds",
    "gauge",
    "Time that the collector's own requests and parsing took; the request that all collectors share is counted only in "
    "nundb_scrape_duration_seconds",
    "nundb-exporter",
    since=None,
    labels=("collector",),
)
COLLECTOR_SUCCESS: Final = Family(
    "nundb_scrape_collector_success",
    "gauge",
    "Whether the collector succeeded",
    "nundb-exporter",
    since=None,
    labels=("collector",),
)
SCRAPE_FAMILIES: Final = (UP, SCRAPE_FAILURE, SCRAPE_DURATION, SCRAPE_TIMEOUT, COLLECTOR_DURATION, COLLECTOR_SUCCESS)
REASONS: Final = tuple(Reason)

BUILD_INFO: Final = Family(
    "nundb_exporter_build_info",
    "gauge",
    "The exporter's version; the value is always 1",
    "nundb-exporter",
    since=None,
    labels=("version", "python"),
)
REQUESTS_REJECTED: Final = Family(
    "nundb_exporter_requests_rejected_total",
    "counter",
    "Requests answered with status 503 because --web.max-requests were in progress, "
    "or with 429 because of rate_limit in --web.config.file",
    "nundb-exporter",
    since=None,
)
LOGINS_REFUSED: Final = Family(
    "nundb_exporter_logins_refused_total",
    "counter",
    "Requests answered with status 401 because they had no user and password of --web.config.file; "
    "only where it has users",
    "nundb-exporter",
    since=None,
)
SAMPLES_DROPPED: Final = Family(
    "nundb_exporter_samples_dropped_total",
    "counter",
    "Samples dropped because the page already had one with the same name and labels",
    "nundb-exporter",
    since=None,
)
LOG_LINES_DROPPED: Final = Family(
    "nundb_exporter_log_lines_dropped_total",
    "counter",
    "Log lines not written, because they repeat within a minute or because nobody reads standard error",
    "nundb-exporter",
    since=None,
)
CONFIG_RELOAD_SUCCESSFUL: Final = Family(
    "nundb_exporter_config_last_reload_successful",
    "gauge",
    "Whether the settings could be used when they were read last: at the start, at SIGHUP or by POST /-/reload",
    "nundb-exporter",
    since=None,
)
CONFIG_RELOAD_TIME: Final = Family(
    "nundb_exporter_config_last_reload_success_timestamp_seconds",
    "gauge",
    "When the settings in use were read, in seconds since the epoch",
    "nundb-exporter",
    since=None,
)
DISCOVERY_AGE: Final = Family(
    "nundb_exporter_discovery_age_seconds",
    "gauge",
    "Age of the list of members that /sd has from a configured node, which it keeps while the node does not answer",
    "cluster-state",
    since=None,
    labels=("seed",),
)
_AGE: Final = "at most a second old"
"""In the help of every cached value (self_metrics.py)."""
PROCESS_CPU: Final = Family(
    "process_cpu_seconds_total",
    "counter",
    f"User and system CPU time of the exporter; {_AGE}",
    "RUSAGE_SELF",
    since=None,
)
PROCESS_RESIDENT: Final = Family(
    "process_resident_memory_bytes",
    "gauge",
    f"Resident memory of the exporter; {_AGE}",
    "/proc/self/stat",
    since=None,
)
PROCESS_VIRTUAL: Final = Family(
    "process_virtual_memory_bytes",
    "gauge",
    f"Virtual memory of the exporter; {_AGE}",
    "/proc/self/stat",
    since=None,
)
PROCESS_START: Final = Family(
    "process_start_time_seconds",
    "gauge",
    "Start time of the exporter, in seconds since the epoch",
    "/proc/self/stat",
    since=None,
)
PROCESS_OPEN_FDS: Final = Family(
    "process_open_fds",
    "gauge",
    f"Open file descriptors of the exporter; {_AGE}",
    "/proc/self/fd",
    since=None,
)
PROCESS_MAX_FDS: Final = Family(
    "process_max_fds",
    "gauge",
    "Maximum number of open file descriptors of the exporter",
    "RLIMIT_NOFILE",
    since=None,
)
PYTHON_INFO: Final = Family(
    "python_info",
    "gauge",
    "The version of Python; the value is always 1",
    "sys.version_info",
    since=None,
    labels=("implementation", "version"),
)
EXPORTER_FAMILIES: Final = (
    BUILD_INFO,
    REQUESTS_REJECTED,
    LOGINS_REFUSED,
    SAMPLES_DROPPED,
    LOG_LINES_DROPPED,
    CONFIG_RELOAD_SUCCESSFUL,
    CONFIG_RELOAD_TIME,
    DISCOVERY_AGE,
    PROCESS_CPU,
    PROCESS_RESIDENT,
    PROCESS_VIRTUAL,
    PROCESS_START,
    PROCESS_OPEN_FDS,
    PROCESS_MAX_FDS,
    PYTHON_INFO,
)
