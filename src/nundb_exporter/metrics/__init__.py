"""Families, samples, panels, collectors and subjects, as plain data, and the families of the exporter itself."""

from nundb_exporter.metrics.collector import Answers, Collector, Options
from nundb_exporter.metrics.family import Family, Sample
from nundb_exporter.metrics.histogram import Histogram, histogram
from nundb_exporter.metrics.own import (
    BUILD_INFO,
    COLLECTOR_DURATION,
    COLLECTOR_SUCCESS,
    EXPORTER_FAMILIES,
    LOG_LINES_DROPPED,
    PROCESS_CPU,
    PROCESS_MAX_FDS,
    PROCESS_OPEN_FDS,
    PROCESS_RESIDENT,
    PROCESS_START,
    PROCESS_VIRTUAL,
    PYTHON_INFO,
    REASONS,
    REQUESTS_REJECTED,
    SAMPLES_DROPPED,
    SCRAPE_DURATION,
    SCRAPE_FAILURE,
    SCRAPE_FAMILIES,
    SCRAPE_TIMEOUT,
    UP,
)
from nundb_exporter.metrics.panel import Panel, Query, ShownAs
from nundb_exporter.metrics.subject import Subject

__all__ = [
    "BUILD_INFO",
    "COLLECTOR_DURATION",
    "COLLECTOR_SUCCESS",
    "EXPORTER_FAMILIES",
    "LOG_LINES_DROPPED",
    "PROCESS_CPU",
    "PROCESS_MAX_FDS",
    "PROCESS_OPEN_FDS",
    "PROCESS_RESIDENT",
    "PROCESS_START",
    "PROCESS_VIRTUAL",
    "PYTHON_INFO",
    "REASONS",
    "REQUESTS_REJECTED",
    "SAMPLES_DROPPED",
    "SCRAPE_DURATION",
    "SCRAPE_FAILURE",
    "SCRAPE_FAMILIES",
    "SCRAPE_TIMEOUT",
    "UP",
    "Answers",
    "Collector",
    "Family",
    "Histogram",
    "Options",
    "Panel",
    "Query",
    "Sample",
    "ShownAs",
    "Subject",
    "histogram",
]
