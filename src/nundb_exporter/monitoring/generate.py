"""All generated files: dashboards, rules and their tests, examples for Prometheus, the chart, runbook, reference."""

import json
from collections.abc import Mapping

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.monitoring import chart, prometheus, reference, rule_files, runbook
from nundb_exporter.monitoring.alerts import GROUPS
from nundb_exporter.monitoring.cases import CASES
from nundb_exporter.monitoring.dashboards import DASHBOARDS
from nundb_exporter.monitoring.dashboards.grafana import model
from nundb_exporter.monitoring.recordings import RECORDINGS
from nundb_exporter.monitoring.rule_tests import rule_tests
from nundb_exporter.problems.catalog import PROBLEMS
from nundb_exporter.project import RUNBOOK
from nundb_exporter.subjects import SUBJECTS


def files(readme: str | None, help_texts: Mapping[str, str], runbook_url: str = RUNBOOK) -> dict[str, str]:
    """Return the text of each file by its path within the repository.

    `readme` is the current README.md, whose table of metrics is rewritten; None if there is none. `help_texts` is what
    `--help` prints, by command, because this package may not import the command line. Alerts point to `runbook_url`.

    Raises:
        ValueError: the README lacks the markers of the table.
    """
    deployed = {
        **{
            f"deploy/grafana/{dashboard.uid}.json": json.dumps(model(dashboard), indent=2, ensure_ascii=False) + "\n"
            for dashboard in DASHBOARDS
        },
        "deploy/prometheus/alerts.yml": rule_files.alerting_rules(GROUPS, runbook_url),
        "deploy/prometheus/recordings.yml": rule_files.recording_rules(RECORDINGS),
        "deploy/prometheus/prometheus.yml": prometheus.CONFIGURATION,
        "deploy/prometheus/fleet.yml": prometheus.FLEET,
        "deploy/prometheus/sharded.yml": prometheus.SHARDED,
        "deploy/prometheus/tests.yml": rule_tests(CASES, runbook_url),
    }
    return {
        **deployed,
        **chart.files(deployed, runbook_url),
        "docs/alerts.md": runbook.alert_list(GROUPS, RECORDINGS),
        "docs/cli.md": reference.command_line(help_texts),
        "docs/metrics.md": reference.metrics(COLLECTORS, SUBJECTS),
        "docs/runbook.md": runbook.runbook(GROUPS, PROBLEMS),
        **({} if readme is None else {"README.md": reference.readme(readme, COLLECTORS, SUBJECTS)}),
    }
