"""The pictures of dashboards in the documentation, which `make pictures` draws."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final = ROOT / "scripts" / "dashboard-pictures"
IMAGES: Final = ROOT / "docs" / "images"
PICTURES: Final[list[dict[str, Any]]] = json.loads((IMAGES / "dashboards.json").read_text("utf-8"))
MAX_IMAGE_BYTES: Final = 250_000

every_picture = pytest.mark.parametrize("picture", PICTURES, ids=[picture["name"] for picture in PICTURES])


@every_picture
def test_a_picture_shows_the_panels_of_the_dashboard_as_it_is(picture: dict[str, Any]) -> None:
    """Their kinds, titles, places and units: `make pictures` draws them anew."""
    dashboard = json.loads((ROOT / "deploy" / "grafana" / f"{picture['dashboard']}.json").read_text("utf-8"))
    shown, row = [], None
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            row = panel["title"]
        elif row in picture["rows"]:
            place = (panel["gridPos"][key] for key in ("x", "w", "h"))
            shown.append([panel["type"], panel["title"], *place, panel["fieldConfig"]["defaults"]["unit"]])
    assert picture["panels"] == shown


@every_picture
def test_a_picture_is_small_enough_for_a_page(picture: dict[str, Any]) -> None:
    """Whoever reads the documentation loads it."""
    assert (IMAGES / f"{picture['name']}.png").stat().st_size <= MAX_IMAGE_BYTES


def test_every_picture_is_in_the_documentation() -> None:
    """And there is no other of a dashboard."""
    drawn = {picture["name"] for picture in PICTURES}
    assert drawn == {path.stem for path in IMAGES.glob("dashboard-*.png")}
    assert drawn == set(
        re.findall(r"\(images/(dashboard-\S+)\.png\)", (ROOT / "docs" / "grafana.md").read_text("utf-8"))
    )


def test_what_draws_is_pinned_by_hashes_and_free() -> None:
    """The lock names no place to fetch from; Grafana's components are Apache-2.0, Grafana itself, AGPL, is not used."""
    packages = json.loads((PROJECT / "package-lock.json").read_text("utf-8"))["packages"]
    fetched = [package for path, package in packages.items() if path]
    assert fetched
    assert all("resolved" not in package and package["integrity"] for package in fetched)
    assert not [package for package in fetched if "GPL" in str(package.get("license"))]


def test_what_draws_asks_for_exact_versions() -> None:
    """So that a picture drawn tomorrow looks like one of today."""
    wanted = json.loads((PROJECT / "package.json").read_text("utf-8"))
    versions = {**wanted["dependencies"], **wanted["devDependencies"]}.values()
    assert versions
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions)
