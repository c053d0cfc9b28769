"""The configuration file: YAML in, checked sections out, or all that is wrong with it, each with its line.

Imported only when there is a file: pydantic is slow.
"""

import dataclasses
from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from nundb_exporter.config.fleet import DEFAULT_MODULE
from nundb_exporter.config.sections import (
    REFUSED,
    CanarySection,
    DatabaseSection,
    FileSection,
    LogSection,
    ModuleSection,
    NodeSection,
    Section,
    TargetsSection,
    TlsSection,
)
from nundb_exporter.config.spelling import cure, nearest
from nundb_exporter.config.surroundings import NOWHERE, Surroundings
from nundb_exporter.config.yaml_text import Document, Fault, NotYamlError, Place, read_document, refusal

_UNKNOWN: Final = "extra_forbidden"
_MISSING: Final = "missing"
_KEY_ITSELF: Final = "[key]"
"""What pydantic appends to the place of a key that is itself wrong."""
_PROBLEMS: Final = {
    "bool_type": "must be true or false",
    "dict_type": "must be a section of keys, each with its value",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "invalid_key": "is a key that must be text; write it in quotes",
    "int_type": "must be a whole number",
    "less_than_equal": "must be {le} or less",
    "list_type": "must be a list",
    "literal_error": "must be one of {expected}",
    _MISSING: "is missing",
    "model_type": "must be a section of keys, each with its value",
    "string_too_short": "must not be empty",
    "string_type": "must be text; write it in quotes",
}
"""What pydantic finds, by its own name of it, in our words."""


_SECTIONS: Final[dict[Place, type[Section]]] = {
    (): FileSection,
    ("modules", "*"): ModuleSection,
    ("modules", "*", "canary"): CanarySection,
    ("modules", "*", "databases", "*"): DatabaseSection,
    ("modules", "*", "tls"): TlsSection,
    ("targets",): TargetsSection,
    ("targets", "nodes", "*"): NodeSection,
    ("log",): LogSection,
}


def parse_file(name: str, text: str, surroundings: Surroundings = NOWHERE) -> FileSection:
    """Read the text of the file that has this name.

    Raises:
        ConfigFileError: not YAML, unknown keys (each with the nearest known one), keys that are set twice in one place,
            values of the wrong kind or that the surroundings refuse: all of them, in the order of their lines.
    """
    try:
        document = read_document(text)
    except NotYamlError as error:
        raise refusal(name, [Fault(error.line, str(error))]) from None
    modules = _modules(document)
    context = dataclasses.replace(surroundings, modules=modules or (DEFAULT_MODULE,))
    errors: list[ErrorDetails] = []
    try:
        content = FileSection.model_validate(document.content, context=context)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
    faults = [*_misplaced(document, modules), *_explain(document, [*errors, *_incomplete(modules)])]
    if faults:
        raise refusal(name, faults)
    return content


def _modules(document: Document) -> dict[str, object]:
    """Return the modules as they stand in the file, right or wrong."""
    modules = document.content.get("modules") if isinstance(document.content, dict) else None
    named = modules.items() if isinstance(modules, dict) else ()
    return {name: module for name, module in named if isinstance(name, str)}


def _misplaced(document: Document, modules: dict[str, object]) -> Iterator[Fault]:
    """Tell what is in the file and has no effect."""
    yield from document.twins
    if modules and DEFAULT_MODULE not in modules and not _has_targets(document):
        problem = f"modules: there is no module {DEFAULT_MODULE}, and no other is used"
        yield Fault(document.line(("modules",)), problem, f"rename the module to {DEFAULT_MODULE}")


def _incomplete(modules: dict[str, object]) -> Iterator[ErrorDetails]:
    """Tell what no module but the default one can do without, which variables and flags may complete."""
    for name, module in modules.items():
        given = module if isinstance(module, dict) else {}
        for key in ("user", "password_file") if name != DEFAULT_MODULE else ():
            if given.get(key) is None:
                yield {"type": _MISSING, "loc": ("modules", name, key), "msg": "", "input": None}


def _has_targets(document: Document) -> bool:
    return isinstance(document.content, dict) and document.content.get("targets") is not None


def _explain(document: Document, errors: list[ErrorDetails]) -> Iterator[Fault]:
    meant: set[Place] = set()
    """The keys that misspelt ones most resemble: they are not missed as well."""
    for error in sorted(errors, key=lambda error: error["type"] != _UNKNOWN):
        path = tuple(key for key in error["loc"] if key != _KEY_ITSELF)
        line = document.line(path)
        context = error.get("ctx", {})
        if error["type"] == _UNKNOWN:
            known = sorted(_section(path[:-1]).model_fields)
            meant.add((*path[:-1], nearest(str(path[-1]), known) or ""))
            yield Fault(line, f"unknown key {_dotted(path)}", cure(str(path[-1]), known, "known here:"))
        elif error["type"] == REFUSED:
            yield Fault(line, f"{_dotted(path)}: {context['problem']}", context["cure"])
        elif path not in meant:
            problem = _PROBLEMS.get(error["type"], "is not valid").format_map(context)
            yield Fault(line, f"{_dotted(path) or 'the file'} {problem}")


def _dotted(place: Place) -> str:
    return ".".join(map(str, place))


def _section(place: Place) -> type[Section]:
    """Return what the section at `place` is."""
    is_module = place[:1] == ("modules",)
    kinds = ("*" if isinstance(key, int) or (is_module and depth == 1) else key for depth, key in enumerate(place))
    return _SECTIONS[tuple(kinds)]
