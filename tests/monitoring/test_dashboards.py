"""Dashboards: the rules of Grafana's dashboard-linter, and panels that can show something."""

import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.metrics import Panel
from nundb_exporter.monitoring.dashboards import DASHBOARDS
from nundb_exporter.monitoring.dashboards.dashboard import Dashboard
from nundb_exporter.monitoring.dashboards.grafana import COLUMNS, SCHEMA_VERSION, model
from nundb_exporter.subjects import SUBJECTS

from .expressions import SERIES, assert_known, labels_of, parse, selectors

OFF_BY_DEFAULT = {
    family.name: f"--collector.{collector.name}"
    for collector in COLLECTORS
    if not collector.is_default
    for family in collector.families
} | {family.name: subject.switch for subject in SUBJECTS for family in subject.families}
NEEDS_TOKEN = {family.name for collector in COLLECTORS if collector.database_commands for family in collector.families}


def titled(item: Dashboard | tuple[Dashboard, Panel]) -> str:
    """How a parameter shows in a test's name."""
    return item.uid if isinstance(item, Dashboard) else f"{item[0].uid}: {item[1].title}"


def expressions(panel: Panel) -> Iterator[str]:
    """Yield the expressions of a panel."""
    yield panel.expression
    yield from (column.expression for column in panel.columns)


def drawn(dashboard: Dashboard) -> list[dict[str, Any]]:
    """The panels of the JSON, without the headings of rows."""
    return [panel for panel in model(dashboard)["panels"] if panel["type"] != "row"]


PANELS = [(dashboard, panel) for dashboard in DASHBOARDS for panel in dashboard.panels]
every_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS, ids=titled)
every_panel = pytest.mark.parametrize("placed", PANELS, ids=titled)


@every_dashboard
def test_a_dashboard_lets_the_reader_choose(dashboard: Dashboard) -> None:
    """Data source, job and instance are variables, and database where a panel has use for it."""
    variables = {variable["name"]: variable for variable in model(dashboard)["templating"]["list"]}
    used = set(re.findall(r"\$(\w+)", str([list(expressions(panel)) for panel in dashboard.panels])))
    assert {"datasource", "job", "instance"} <= variables.keys()
    assert {name for name in used if not name.startswith("__")} <= variables.keys()
    assert variables.keys() - {"datasource"} <= used
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    for name in ("job", "instance"):
        assert variables[name]["datasource"]["uid"] == "${datasource}"
        assert variables[name]["label"] == name.capitalize()
        assert variables[name]["multi"]
        assert variables[name]["allValue"] == ".+"
        assert variables[name]["refresh"] == 2


def test_charts_of_the_older_names_need_no_other() -> None:
    """What the older exporter has left in Prometheus can be chosen, though it knew no nundb_up."""
    (older,) = (dashboard for dashboard in DASHBOARDS if dashboard.uid == "nundb-older-names")
    _, *chosen = model(older)["templating"]["list"]
    assert all(variable["definition"].startswith("label_values(nun_db_") for variable in chosen)


@every_dashboard
def test_a_dashboard_can_be_imported_again(dashboard: Dashboard) -> None:
    """It has a uid of its own and a title, cannot be edited in place, and says which model it follows."""
    json = model(dashboard)
    assert re.fullmatch(r"nundb-[a-z-]{1,34}", json["uid"])
    assert json["title"].startswith("Nun-db")
    assert json["description"].endswith(".")
    assert json["schemaVersion"] == SCHEMA_VERSION
    assert json["editable"] is False
    assert "id" not in json


def test_dashboards_are_told_apart() -> None:
    """No uid and no title occurs twice."""
    assert len({dashboard.uid for dashboard in DASHBOARDS}) == len(DASHBOARDS)
    assert len({dashboard.title for dashboard in DASHBOARDS}) == len(DASHBOARDS)


@every_dashboard
def test_firing_alerts_are_drawn_on_every_chart(dashboard: Dashboard) -> None:
    """Alerts of the shipped rules are annotations, those of a whole cluster (without an instance) among them."""
    (annotation,) = model(dashboard)["annotations"]["list"]
    expression = annotation["expr"]
    assert annotation["enable"]
    assert annotation["datasource"]["uid"] == "${datasource}"
    assert 'alertname=~"Nundb.*"' in expression
    assert 'instance=~"$instance|"' in expression
    assert_known(parse(expression))


@every_dashboard
def test_panels_have_numbers_and_titles_of_their_own(dashboard: Dashboard) -> None:
    """No id and no title occurs twice on a dashboard."""
    panels = model(dashboard)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)


@every_dashboard
def test_panels_fill_the_width_and_do_not_overlap(dashboard: Dashboard) -> None:
    """Every panel is inside the 24 columns, and no two share a place."""
    places = [panel["gridPos"] for panel in model(dashboard)["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= COLUMNS for place in places)
    for one, other in combinations(places, 2):
        is_beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        is_above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert is_beside or is_above


@every_dashboard
def test_a_panel_says_what_it_shows(dashboard: Dashboard) -> None:
    """Each panel has a title, a description, a unit, thresholds and the chosen data source."""
    for panel in drawn(dashboard):
        assert panel["title"]
        assert re.fullmatch(r".{20,}\.", panel["description"])
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"][0] == {"color": "green", "value": None}
        assert panel["datasource"]["uid"] == "${datasource}"
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@every_panel
def test_a_query_is_about_the_chosen_nodes(placed: tuple[Dashboard, Panel]) -> None:
    """Each query parses, names only families and labels that there are, and is narrowed to job and instance."""
    for text in expressions(placed[1]):
        expression = parse(text)
        assert_known(expression)
        for selector in selectors(expression):
            chosen = {(matcher.name, matcher.value) for matcher in selector.matchers.matchers}
            assert ("job", "$job") in chosen
            assert chosen & {("instance", "$instance"), ("instance", "$instance|")}
            if selector.name in SERIES and "database" in labels_of(selector):
                assert ("database", "$database") in chosen


@every_panel
def test_ranges_follow_the_chart(placed: tuple[Dashboard, Panel]) -> None:
    """Ranges are $__rate_interval, whatever the zoom; only counters have a rate."""
    for text in expressions(placed[1]):
        assert re.findall(r"\[([^]]*)\]", text) == ["$__rate_interval"] * text.count("[")
        for name in re.findall(r"\b(?:rate|increase|irate)\((\w+)", text):
            assert SERIES[name].kind == "counter"


@every_panel
def test_a_legend_names_labels_that_are_there(placed: tuple[Dashboard, Panel]) -> None:
    """A legend refers to no label that the query has aggregated away."""
    panel = placed[1]
    if panel.kind == "table":
        return
    aggregated = re.match(r"(?:count|sum|max|min) by \(([^)]*)\)", panel.expression)
    for label in re.findall(r"\{\{(\w+)\}\}", panel.legend):
        if aggregated:
            assert label in aggregated[1]
        else:
            *_, last = selectors(parse(panel.expression))
            assert label in labels_of(last)


@every_panel
def test_a_panel_that_needs_more_than_the_defaults_says_so(placed: tuple[Dashboard, Panel]) -> None:
    """A panel on a family that is off by default, or needs a token, tells how to get it."""
    panel = placed[1]
    for text in expressions(panel):
        for selector in selectors(parse(text)):
            if selector.name in OFF_BY_DEFAULT:
                assert OFF_BY_DEFAULT[selector.name] in panel.description
                assert "off by default" in panel.description
            if selector.name in NEEDS_TOKEN:
                assert "token" in panel.description


def test_every_panel_of_every_collector_is_on_a_dashboard() -> None:
    """A collector's panels show up without another word."""
    shown = {panel for dashboard in DASHBOARDS for panel in dashboard.panels}
    missing = [panel.title for collector in COLLECTORS for panel in collector.panels if panel not in shown]
    assert not missing


def test_every_family_of_a_collector_is_drawn() -> None:
    """Every number that is collected is on some panel."""
    used = {
        selector.name
        for dashboard in DASHBOARDS
        for panel in dashboard.panels
        for text in expressions(panel)
        for selector in selectors(parse(text))
    }
    families = {family.name for collector in COLLECTORS for family in collector.families}
    assert families <= used
