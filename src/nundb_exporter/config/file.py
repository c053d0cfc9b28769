"""The configuration file: YAML in, checked modules out. Imported only when there is a file: pydantic costs 46 ms."""

import difflib
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from nundb_exporter.errors import ConfigError

_Text = Annotated[str, StringConstraints(min_length=1)]


class _Strict(BaseModel):
    # Errors must not quote their input: it may be a secret written to the wrong place.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class Database(_Strict):
    """A database that may be asked about its connections, conflicts and keys."""

    name: _Text
    token_file: _Text


class TlsFiles(_Strict):
    """TLS to the node; file names, PEM."""

    ca_file: _Text | None = None
    cert_file: _Text | None = None
    key_file: _Text | None = None
    server_name: _Text | None = None
    insecure_skip_verify: bool = False


class Module(_Strict):
    """How nodes of one kind are asked."""

    user: _Text | None = None
    password_file: _Text | None = None
    collectors: list[_Text] | None = None
    """Exactly these are on; None leaves each at its default."""
    databases: list[Database] = []
    tls: TlsFiles = TlsFiles()
    max_pending_operations: Annotated[int, Field(ge=0)] | None = None


class ConfigFile(_Strict):
    """The whole file."""

    modules: dict[str, Module] = {}


_MODELS: Final[dict[str, type[BaseModel]]] = {
    "": ConfigFile,
    "modules": Module,
    "databases": Database,
    "tls": TlsFiles,
}
_UNKNOWN: Final = "extra_forbidden"


def parse_file(setting: str, text: str) -> ConfigFile:
    """Read the file's text.

    Raises:
        ConfigError: not YAML, an unknown key (named with its line and the nearest known one), a key that stands twice
            in one place, or a value of the wrong kind.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(setting, f"line {line} is not YAML ({error.problem})", "correct it") from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        # PyYAML lets through what its own constructors raise: at the date 2026-02-30, at `!!bool maybe`, at 2,000 `[`.
        raise ConfigError(setting, "is not YAML", "correct it") from None
    if twin := _twin(root):
        raise ConfigError(setting, f"line {twin.start_mark.line + 1}: {twin.value} is there twice", "keep one of them")
    try:
        return ConfigFile.model_validate({} if content is None else content)
    except ValidationError as error:
        # A misspelt key is also a missing one: the misspelling is what the reader must see.
        first = min(error.errors(include_url=False, include_input=False), key=lambda e: e["type"] != _UNKNOWN)
        raise _explain(setting, root, first["type"], first["loc"], first["msg"]) from None


def _twin(root: Any) -> Any:  # noqa: ANN401 - PyYAML's nodes have no types
    """Return a key that stands twice in one mapping: PyYAML takes the last and drops the others without a word."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue  # an alias may be anywhere, even within what it stands for
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            names: set[str] = set()
            for key, value in node.value:
                if key.value in names:
                    return key
                names.add(key.value)
                waiting.append(value)
    return None


def _explain(setting: str, root: Any, kind: str, path: tuple[str | int, ...], message: str) -> ConfigError:  # noqa: ANN401 - PyYAML's nodes have no types
    line = _line(root, path)
    key = ".".join(map(str, path))
    if kind != _UNKNOWN:
        return ConfigError(
            setting, f"line {line}: {key or 'the file'}: {message[:1].lower()}{message[1:]}", "correct it"
        )
    known = sorted(_owner(path).model_fields)
    nearest = difflib.get_close_matches(str(path[-1]), known, n=1)
    cure = f"did you mean {nearest[0]}?" if nearest else f"known here: {', '.join(known)}"
    return ConfigError(setting, f"line {line}: unknown key {key}", cure)


def _owner(path: tuple[str | int, ...]) -> type[BaseModel]:
    """Return the model of the mapping in which the last key of `path` stands.

    The second key of a path is a module's name, which may be any word.
    """
    named = (*path[:1], *path[2:])[:-1] if len(path) > 1 else ()
    return next((_MODELS[str(key)] for key in reversed(named) if str(key) in _MODELS), ConfigFile)


def _line(node: Any, path: tuple[str | int, ...]) -> int:  # noqa: ANN401 - PyYAML's nodes have no types
    """Return the line on which the last key of `path` that is in the file stands, counted from 1."""
    line: int = node.start_mark.line + 1 if node is not None else 1
    for key in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((name, value) for name, value in node.value if name.value == str(key)), None)
            if pair is None:
                break
            line = pair[0].start_mark.line + 1
            node = pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return line
