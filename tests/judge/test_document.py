"""The report as JSON: what its schema says, for every kind of report."""

import json
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from nundb_exporter.collectors import pending, process, transports
from nundb_exporter.errors import Reason, TargetError
from nundb_exporter.judge import Report, describe_exporter, judge, to_json
from tests.debts import owed

from .observed import NOW, TWO, node, observed, said, scraped

SCHEMA: Final = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text("utf-8"))
OF_A, OF_B = "*a:1=primary b:1=secondary", "a:1=primary *b:1=secondary"
REPORTS: Final = {
    "a node that is down": judge([observed(error=TargetError(Reason.AUTH, "invalid user or password"))]),
    "a node with findings": judge(
        [observed(transports.UP.sample(0, "tcp"), *owed(1, "z:1", NOW - 1), failures={"keys": "no"})]
    ),
    "a cluster": judge([node("A", "primary", OF_A, shop="none"), node("B", "secondary", OF_B, shop="newer")]),
    "an exporter's": judge([observed(process.START_TIME.sample(NOW))], describe_exporter((), "1.0", NOW)),
}


def document(report: Report) -> Any:  # noqa: ANN401 - JSON
    """Return the report as its reader has it."""
    return json.loads(to_json(report))


def test_the_schema_is_a_schema() -> None:
    """Of the version that it names."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS.keys())
def test_a_report_is_as_its_schema_says(report: Report) -> None:
    """With every field and no other."""
    jsonschema.validate(document(report), SCHEMA, jsonschema.Draft202012Validator)


async def test_the_report_of_a_node_that_tells_everything_is_as_its_schema_says() -> None:
    """Numbers are numbers, and dates are text."""
    told = document(judge([await scraped(said("0", TWO))]))
    jsonschema.validate(told, SCHEMA, jsonschema.Draft202012Validator)
    (only,) = told["nodes"]
    assert only["started"] == "2026-11-23T02:18:44.150000+00:00"
    assert only["oplog_bytes"] == 350


def test_a_field_that_is_not_in_the_schema_is_refused_by_it() -> None:
    """Otherwise a new field could be forgotten in it."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document(REPORTS["a cluster"]) | {"new": 1}, SCHEMA, jsonschema.Draft202012Validator)


def test_names_are_sent_as_they_are_and_shown_with_nothing_invisible() -> None:
    """A script compares names; a person reads texts."""
    (only,) = document(judge([observed(pending.UNACKNOWLEDGED.sample(1, "\u202ez"))]))["nodes"]
    (member,) = only["members"]
    assert (member["name"], member["texts"]["name"]) == ("\u202ez", r"\u202ez")
