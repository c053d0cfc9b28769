"""GET /report: the same judgement as `check --json`, of the same scrape as the metrics, in time."""

import gzip
import json
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from nundb_exporter.cli.flags import NodeFlags
from nundb_exporter.cli.target import read_settings
from tests.wire.behaviours import answering, silent
from tests.wire.exporter import SHORT, serving, serving_fleet, target
from tests.wire.pages import fetch
from tests.wire.program import run
from tests.wire.replies import GOOD, PASSWORD, USER, Said
from tests.wire.scripted import ScriptedNode

SCHEMA: Final = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text("utf-8"))
MOMENTS: Final = {"asked_at", "uptime_seconds", "scrape_seconds", "allowed_seconds", "collectors", "texts"}
"""Fields that differ from one scrape to the next."""


def alone(name: str) -> dict[str, Said]:
    """Return what a node says that is alone in its cluster."""
    return {**GOOD, "cluster-state": Said(f"cluster-state  {name}(self):Primary ,\n")}


def lasting(report: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a report without the exporter that made it and what is of one moment."""
    nodes = [{name: value for name, value in node.items() if name not in MOMENTS} for node in report["nodes"]]
    return {**report, "nodes": nodes, "exporter": None}


async def test_the_report_is_as_its_schema_says() -> None:
    """With what is known of the exporter itself."""
    async with ScriptedNode(answering()) as node, serving(target(node.url)) as url:
        page = await fetch(f"{url}/report")
    assert page.status == 200
    assert page.headers["Content-Type"] == "application/json"
    report = json.loads(page.body)
    jsonschema.validate(report, SCHEMA, jsonschema.Draft202012Validator)
    assert report["healthy"] is True
    assert report["exporter"]["open_files"] > 0


@pytest.mark.parametrize("behaviour", [answering(), answering({})], ids=["healthy", "refused"])
async def test_the_report_and_check_say_the_same(behaviour: Any) -> None:  # noqa: ANN401 - of a scripted node
    """One judge, whoever asks."""
    async with ScriptedNode(behaviour) as node, serving(target(node.url)) as url:
        page = await fetch(f"{url}/report")
        checked = await run("check", "--json", url=node.url)
    assert lasting(json.loads(page.body)) == lasting(json.loads(checked.stdout))


async def test_clusters_that_are_asked_with_modules_of_their_own_are_judged_apart(tmp_path: Path) -> None:
    """By the page and by `check`: each has a primary, which in one cluster would be two."""
    (tmp_path / "pwd").write_text(PASSWORD)
    module = f"{{user: {USER}, password_file: pwd}}"
    file = tmp_path / "nundb.yml"
    async with (
        ScriptedNode(answering(alone("shop-0:3014"))) as shop,
        ScriptedNode(answering(alone("desk-0:3014"))) as desk,
    ):
        nodes = f"[{{url: '{shop.url}', module: shop}}, {{url: '{desk.url}', module: desk}}]"
        file.write_text(f"modules: {{shop: {module}, desk: {module}}}\ntargets: {{nodes: {nodes}}}")
        fleet = read_settings(NodeFlags(config_file=str(file), collectors={})).fleet
        async with serving_fleet(fleet) as url:
            report = json.loads((await fetch(f"{url}/report")).body)
        checked = await run("check", "--json", "--config.file", str(file))
        file.write_text(file.read_text().replace("module: desk", "module: shop"))
        as_one = await run("check", "--json", "--config.file", str(file))
    for apart in (report, json.loads(checked.stdout)):
        assert apart["findings"] == []
        assert [node["module"] for node in apart["nodes"]] == ["shop", "desk"]
    jsonschema.validate(report, SCHEMA, jsonschema.Draft202012Validator)
    assert checked.code == 0
    assert "NundbSeveralPrimaries" in as_one.stdout
    assert as_one.code == 1


async def test_a_node_that_hangs_is_reported() -> None:
    """The deadline is that of a scrape."""
    async with ScriptedNode(silent) as node, serving(target(node.url)) as url:
        page = await fetch(f"{url}/report", timeout_header=SHORT)
    report = json.loads(page.body)
    assert [finding["id"] for finding in report["findings"]] == ["NundbHung"]
    assert report["state"] == "down"


async def test_a_report_is_compressed_when_asked() -> None:
    """As the metrics are."""
    async with ScriptedNode(answering()) as node, serving(target(node.url)) as url:
        page = await fetch(f"{url}/report", headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(page.body))["healthy"] is True


async def test_the_metrics_cannot_take_the_place_of_the_report() -> None:
    """The path is refused with one line."""
    ended = await run("--web.telemetry-path", "/report", url="http://127.0.0.1:1")
    assert ended.code == 2
    assert "--web.telemetry-path" in ended.stderr
