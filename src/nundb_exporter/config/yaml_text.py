"""YAML, with the line of everything that is in it. Imported only where there is a file."""

import re
from typing import Any, Final, NamedTuple

import yaml

from nundb_exporter.errors import ConfigError

_QUOTED: Final = re.compile(r" ?'[^']{2,}'")


class Document(NamedTuple):
    """A file that is YAML."""

    root: yaml.Node | None
    """What it says, with its lines; None if it says nothing."""
    content: Any
    """The same, as Python's own types."""


class _Loader(yaml.SafeLoader):
    """Refuses a key that is set twice in one mapping: PyYAML takes the last and drops the others without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # noqa: ANN401 - as PyYAML's stubs have it
        node = super().compose_mapping_node(anchor)
        names = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in names:
                raise _TwiceError(None, None, key.value, key.start_mark)
            names.add(key.value if isinstance(key, yaml.ScalarNode) else None)
        return node


class _TwiceError(yaml.MarkedYAMLError):
    """A key is set twice."""


def read_yaml(setting: str, text: str) -> Document:
    """Read the text of a file.

    Raises:
        ConfigError: it is not YAML, or a key is set twice in one place.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return Document(root, loader.construct_document(root) if root is not None else None)
    except _TwiceError as error:
        problem = f"line {line_at(error.problem_mark)}: {error.problem} is set twice"
        raise ConfigError(setting, problem, "keep one of them") from None
    except yaml.MarkedYAMLError as error:
        # What is quoted may be a secret: `password: *abc` is an alias that is not defined.
        cause = _QUOTED.sub("", error.problem or "").strip()
        problem = f"line {line_at(error.problem_mark)} is not YAML ({cause})"
        raise ConfigError(setting, problem, "correct it") from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        # PyYAML lets through what its own constructors raise: at the date 2026-02-30, at `!!bool maybe`, at 2,000 `[`.
        raise ConfigError(setting, "is not YAML", "correct it") from None


def line_at(mark: yaml.Mark | None) -> int:
    """Return the line of a mark, counted from 1."""
    return mark.line + 1 if mark else 1
