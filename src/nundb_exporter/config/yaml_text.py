"""YAML, with the line of everything that is in it. Imported only where there is a file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

from nundb_exporter.errors import ConfigError, ConfigFileError

Place: TypeAlias = tuple[str | int, ...]
"""Where something stands: keys and positions, from the outside in."""

_QUOTED: Final = re.compile(r""" ?('[^']*'|"[^"]*"|<block end>)""")
_TOLD: Final = {"'<stream end>'": "the end of the file", "<block end>": "the end of a section", r"'\t'": "TAB"}
"""What PyYAML quotes of itself, in our words."""


class Fault(NamedTuple):
    """What is wrong in a file, where, and what to do."""

    line: int
    problem: str
    cure: str = "correct it"


def refusal(name: str, faults: Iterable[Fault]) -> ConfigFileError:
    """Return the error that tells all faults of the file that has this name, in the order of their lines."""
    return ConfigFileError([ConfigError(f"{name}:{line}", problem, cure) for line, problem, cure in sorted(faults)])


class NotYamlError(ValueError):
    """A text that is not YAML, and where."""

    def __init__(self, line: int, cause: str = "") -> None:
        super().__init__(f"is not YAML ({cause})" if cause else "is not YAML")
        self.line = line


class _Loader(yaml.SafeLoader):
    """Notes each key that is set twice in one mapping: PyYAML takes the last and drops the others without a word."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.twins: list[Fault] = []

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # noqa: ANN401 - as PyYAML's stubs have it
        node = super().compose_mapping_node(anchor)
        names = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in names:
                self.twins.append(Fault(line_at(key.start_mark), f"{key.value} is set twice", "keep one of them"))
            names.add(key.value)
        return node


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML text says."""

    root: yaml.Node | None
    """With its lines; None if it says nothing."""
    content: object
    """The same, as Python's own types."""
    twins: tuple[Fault, ...]
    """Keys that are set twice in one mapping, each in the line of the second."""

    def line(self, place: Place) -> int:
        """Return the line of the last key of `place` that is there, counted from 1."""
        node = self.root
        line = line_at(node.start_mark) if node else 1
        for key in place:
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


def read_document(text: str) -> Document:
    """Read a text in which keys may be set twice.

    Raises:
        NotYamlError: it is not YAML.
    """
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        content = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        raise NotYamlError(line_at(error.problem_mark), _QUOTED.sub(_quoted, error.problem or "").strip()) from None
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        # PyYAML lets through what its own constructors raise: at the date 2026-02-30, at `!!bool maybe`, at 2,000 `[`.
        raise NotYamlError(1) from None
    return Document(root, content, tuple(loader.twins))


def _quoted(found: re.Match[str]) -> str:
    """Leave out what is quoted of the file, which may be a secret: `password: *abc` is an alias that is not defined."""
    if found[1] in _TOLD:
        return f" {_TOLD[found[1]]}"
    return found[0] if len(found[1]) == len("'}'") else ""


def line_at(mark: yaml.Mark | None) -> int:
    """Return the line of a mark, counted from 1."""
    return mark.line + 1 if mark else 1
