"""The configuration file: YAML in, checked modules out. Imported only when there is a file: pydantic is slow."""

import difflib
from pathlib import PurePath
from typing import Annotated, Any, Final

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import ErrorDetails

from nundb_exporter.config.yaml_text import line_at, read_yaml
from nundb_exporter.errors import ConfigError


def _beside_the_file(path: str, info: ValidationInfo) -> str:
    return str(info.context / path) if isinstance(info.context, PurePath) else path


_Text = Annotated[str, StringConstraints(min_length=1)]
_FileName = Annotated[_Text, AfterValidator(_beside_the_file)]
"""The name of a file; a relative one is relative to the directory of the configuration file."""


class _Section(BaseModel):
    # Errors must not quote their input: it may be a secret written to the wrong place.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, content: Any) -> Any:  # noqa: ANN401 - whatever YAML has
        """Take what has nothing behind or below it as if it were not there."""
        if isinstance(content, dict):
            return {key: value for key, value in content.items() if value is not None}
        return {} if content is None else content


class Database(_Section):
    """A database that may be asked about its connections, conflicts and keys."""

    name: _Text
    token_file: _FileName


class TlsFiles(_Section):
    """TLS to the node; the files are PEM."""

    ca_file: _FileName | None = None
    cert_file: _FileName | None = None
    key_file: _FileName | None = None
    server_name: _Text | None = None
    insecure_skip_verify: bool = False


class Module(_Section):
    """How nodes of one kind are asked."""

    user: _Text | None = None
    password_file: _FileName | None = None
    collectors: list[_Text] | None = None
    """Exactly these are on; None leaves each at its default."""
    databases: list[Database] = []
    tls: TlsFiles = TlsFiles()
    max_pending_operations: Annotated[int, Field(ge=0)] | None = None
    databases_pattern: _Text | None = None


class ConfigFile(_Section):
    """The whole file."""

    modules: dict[str, Module] = {}


_UNKNOWN: Final = "extra_forbidden"
_KEY_ITSELF: Final = "[key]"
"""What pydantic appends to the place of a key that is itself wrong."""
_PROBLEMS: Final = {
    "bool_type": "must be true or false",
    "dict_type": "must be a section of keys, each with its value",
    "greater_than_equal": "must be {ge} or more",
    "invalid_key": "is a key that must be text; write it in quotes",
    "int_type": "must be a whole number",
    "list_type": "must be a list",
    "missing": "is missing",
    "model_type": "must be a section of keys, each with its value",
    "string_too_short": "must not be empty",
    "string_type": "must be text; write it in quotes",
}
"""What pydantic finds, by its own name of it, in our words."""


def parse_file(setting: str, text: str, directory: PurePath | None = None) -> ConfigFile:
    """Read the text of a file in `directory`.

    Raises:
        ConfigError: not YAML, an unknown key (named with its line and the nearest known one), a key that is set twice
            in one place, or a value of the wrong kind.
    """
    root, content = read_yaml(setting, text)
    try:
        return ConfigFile.model_validate(content, context=directory)
    except ValidationError as error:
        # A misspelt key is also a missing one: the misspelling is what the reader must see.
        first = min(error.errors(include_url=False, include_input=False), key=lambda e: e["type"] != _UNKNOWN)
        raise _explain(setting, root, first) from None


def _explain(setting: str, root: yaml.Node | None, found: ErrorDetails) -> ConfigError:
    path = tuple(key for key in found["loc"] if key != _KEY_ITSELF)
    key = ".".join(map(str, path))
    line = _line(root, path)
    if found["type"] != _UNKNOWN:
        problem = _PROBLEMS.get(found["type"], "is not valid").format_map(found.get("ctx", {}))
        return ConfigError(setting, f"line {line}: {key or 'the file'} {problem}", "correct it")
    known = sorted(_section(path[:-1]).model_fields)
    nearest = difflib.get_close_matches(str(path[-1]), known, n=1)
    cure = f"did you mean {nearest[0]}?" if nearest else f"known here: {', '.join(known)}"
    return ConfigError(setting, f"line {line}: unknown key {key}", cure)


def _section(path: tuple[str | int, ...]) -> type[_Section]:
    """Return what the section at `path` is."""
    match path:
        case ("modules", _):
            return Module
        case ("modules", _, "tls"):
            return TlsFiles
        case ("modules", _, "databases", _):
            return Database
        case _:
            return ConfigFile


def _line(node: yaml.Node | None, path: tuple[str | int, ...]) -> int:
    """Return the line of the last key of `path` that is in the file, counted from 1."""
    line = line_at(node.start_mark) if node else 1
    for key in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((name, value) for name, value in node.value if name.value == str(key)), None)
            if pair is None:
                break
            line, node = line_at(pair[0].start_mark), pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            node = node.value[key]
            line = line_at(node.start_mark)
        else:
            break
    return line
