"""The JSON Schema of the configuration file, and the examples, which name it."""

import json
from pathlib import Path
from typing import Final

import jsonschema
import pytest
import yaml

from nundb_exporter.collectors import COLLECTORS
from nundb_exporter.config.file import parse_file
from nundb_exporter.config.surroundings import Surroundings
from nundb_exporter.project import CONFIG_SCHEMA

from .test_file import WHOLE

ROOT: Final = Path(__file__).parents[2]
SCHEMA: Final = json.loads((ROOT / "docs" / "config.schema.json").read_text("utf-8"))
EXAMPLES: Final = tuple(
    path
    for path in sorted((ROOT / "deploy" / "exporter").glob("*.yml"))
    if "config.schema.json" in path.read_text("utf-8")
)
JUDGE: Final = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema() -> None:
    """Of the draft that it names."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_schema_is_published_where_the_examples_look_for_it() -> None:
    """Its address ends with its place in the repository."""
    assert CONFIG_SCHEMA.endswith("/docs/config.schema.json")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_a_file_that_is_taken(path: Path) -> None:
    """By the exporter, with collectors that exist, and by an editor, which finds the schema in its first line."""
    text = path.read_text("utf-8")
    assert text.startswith(f"# yaml-language-server: $schema={CONFIG_SCHEMA}\n")
    parse_file(path.name, text, Surroundings(collectors=[collector.name for collector in COLLECTORS]))
    JUDGE.validate(yaml.safe_load(text))


def test_there_is_an_example_for_one_node_and_one_for_many() -> None:
    """Each named after what it is for."""
    assert {path.stem for path in EXAMPLES} == {"one-node", "fleet"}


def test_an_editor_takes_what_the_exporter_takes() -> None:
    """Every key, and a node in both of its forms."""
    JUDGE.validate(yaml.safe_load(WHOLE))


@pytest.mark.parametrize(
    "text",
    [
        "moduls: {}",
        "modules: {default: {usr: nun}}",
        "modules: {default: {collectors: [oplogs]}}",
        "modules: {default: {databases: [{name: shop}]}}",
        "targets: {port: 0}",
        "targets: {nodes: [{module: east}]}",
        "log: {level: loud}",
    ],
)
def test_an_editor_marks_what_the_exporter_refuses(text: str) -> None:
    """Misspelt keys, values of the wrong kind, keys that are missing, collectors that do not exist."""
    assert not JUDGE.is_valid(yaml.safe_load(text))
