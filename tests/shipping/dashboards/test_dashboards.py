"""What Grafana's own library knows of our dashboards: Grafana passes over a word that it does not know."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

HERE: Final = Path(__file__).parent
DASHBOARDS: Final = sorted((HERE.parents[2] / "deploy" / "grafana").glob("*.json"))
LIBRARIES: Final = sorted(
    name
    for name in json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
    if name.startswith("grafana-")
)
"""The library of the oldest Grafana that the dashboards are for, and of the newest."""

SPOILT: Final = (
    ('"unit": "s"', '"unit": "sec"', 'unit "sec" is not known'),
    ('"mode": "thresholds"', '"mode": "threshold"', 'colour mode "threshold" is not known'),
    ('"color": "red"', '"color": "redd"', 'colour "redd" is not known'),
    ('"lastNotNull"', '"newest"', 'reducer "newest" is not known'),
    ('"id": "byName"', '"id": "byTitle"', 'matcher "byTitle" is not known'),
    ('"id": "organize"', '"id": "arrange"', 'transformation "arrange" is not known'),
    ('"type": "value"', '"type": "values"', 'mapping type "values" is not known'),
    ('"id": "mappings"', '"id": "mapping"', 'property "mapping" is not known'),
    ('"graphTooltip": 1', '"graphTooltip": 9', "shared tooltip 9 is not known"),
    ('"options": "Uptime"', '"options": "Up time"', 'an override is for "Up time", which is no column'),
    ('"Value #C"', '"Value #Z"', 'organize names "Value #Z", which no query gives'),
    ('"id": "merge"', '"id": "noop"', "it does not become one table with a row for each instance"),
    ('"1": {', '"1.0": {', "1.0 is shown as 1, not as up"),
)
"""A word of the overview, another in its place, and what is said of that one."""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the judge and what it needs, as the lock pins it."""
    if not (shutil.which("npm") and _node_takes_modules()):
        pytest.skip(
            "The dashboards are not judged by Grafana's library: npm with Node.js 20.19 or newer is not installed"
        )
    directory = tmp_path_factory.mktemp("judge")
    for name in (".npmrc", "package.json", "package-lock.json", "judge.cjs"):
        shutil.copy(HERE / name, directory)
    ended = subprocess.run(["npm", "ci"], cwd=directory, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return directory


def _node_takes_modules() -> bool:
    """Whether `require` takes what is written as a module: the library is half of each."""
    asked = subprocess.run(
        ["node", "-p", "process.features.require_module"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() == "true"


def judged(installed: Path, library: str, *dashboards: Path) -> dict[str, Any]:
    """Return what a library says of dashboards."""
    command = ("node", "judge.cjs", library)
    ended = subprocess.run([*command, *dashboards], cwd=installed, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return dict(json.loads(ended.stdout))


@pytest.mark.parametrize("library", LIBRARIES)
def test_grafana_knows_every_word_of_every_panel(installed: Path, library: str) -> None:
    """Units, colours, reducers, matchers, mappings, transformations; each table has the columns it describes."""
    shown = [json.loads(path.read_text("utf-8"))["panels"] for path in DASHBOARDS]
    panels = sum(panel["type"] != "row" for panels in shown for panel in panels)
    assert judged(installed, library, *DASHBOARDS) == {"panels": panels, "faults": []}


@pytest.mark.parametrize("library", LIBRARIES)
def test_it_says_of_each_wrong_word_what_is_wrong(installed: Path, library: str, tmp_path: Path) -> None:
    """In copies of the overview, in each of which one word is changed."""
    (overview,) = (path for path in DASHBOARDS if path.stem == "nundb-overview")
    text = overview.read_text("utf-8")
    for number, (right, wrong, _) in enumerate(SPOILT):
        assert right in text
        (tmp_path / f"{number}.json").write_text(text.replace(right, wrong), "utf-8")
    faults = judged(installed, library, *tmp_path.iterdir())["faults"]
    for number, (_, _, told) in enumerate(SPOILT):
        of_this = [fault for fault in faults if fault.startswith(f"{number}.json")]
        assert any(fault.endswith(told) for fault in of_this), (told, of_this)


def test_the_lock_pins_by_hashes_and_names_no_place_to_fetch_from() -> None:
    """As those of requirements/."""
    packages = json.loads((HERE / "package-lock.json").read_text("utf-8"))["packages"]
    fetched = {path: package for path, package in packages.items() if path}
    assert fetched
    assert all("resolved" not in package and package["integrity"] for package in fetched.values())


def test_nothing_of_grafana_is_under_the_agpl(installed: Path) -> None:
    """Its library of data is Apache-2.0, and so is what it brings with it; Grafana itself is not, and is not used."""
    packages = [json.loads(path.read_text("utf-8")) for path in (installed / "node_modules").rglob("package.json")]
    licences = {str(package.get("license")) for package in packages if "version" in package}
    assert "Apache-2.0" in licences
    assert not {licence for licence in licences if "GPL" in licence}
