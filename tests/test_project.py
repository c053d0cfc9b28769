"""Where the project lives is told once."""

import re
import tomllib
from itertools import chain
from pathlib import Path

from nundb_exporter.monitoring.generate import files
from nundb_exporter.project import CHARTS, IMAGE, REPOSITORY

ROOT = Path(__file__).parent.parent
SETTING = "src/nundb_exporter/project.py"
METADATA = "pyproject.toml"
EXAMPLES = (
    "deploy/exporter/fleet.yml",  # the first line names the schema, so that a copy finds it
    "deploy/exporter/one-node.yml",
    "deploy/kubernetes/exporter.yaml",  # rendered from the chart
    "deploy/kubernetes/nun-db.yaml",  # tests/shipping
)
DIRECTORIES = (".github", "benchmarks", "deploy", "docs", "scripts", "src", "tests")


def test_no_other_file_repeats_where_the_project_lives() -> None:
    """But the package's metadata, which are static, what is generated, and examples, which tests hold to it."""
    places = [re.sub(r"^[a-z]+://", "", place).encode() for place in (REPOSITORY, IMAGE, CHARTS)]
    listed = {
        path.relative_to(ROOT).as_posix()
        for path in chain(ROOT.glob("*.*"), *(ROOT.glob(f"{directory}/**/*") for directory in DIRECTORIES))
        if path.is_file() and "__pycache__" not in path.parts and any(place in path.read_bytes() for place in places)
    }
    golden = {path for path in listed if path.startswith("tests/golden/")}
    assert listed - golden - files(None, {}).keys() == {SETTING, METADATA, *EXAMPLES}


def test_the_metadata_agree() -> None:
    """A package index shows the same addresses."""
    urls = tomllib.loads((ROOT / METADATA).read_text(encoding="utf-8"))["project"]["urls"]
    assert urls["Repository"] == REPOSITORY
    assert all(url.startswith(REPOSITORY) for url in urls.values())
