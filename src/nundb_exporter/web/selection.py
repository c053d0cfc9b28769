"""Which node a request wants, and whether it may have it: `target`, `module` and `debug` of a query.

Whoever can reach the exporter can write the query, and the node that it names is told a password. So nothing is asked
but the configured nodes and what targets.allow says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, urlencode

from nundb_exporter.client.route import DIRECT, Route
from nundb_exporter.config.allow import parse_target
from nundb_exporter.config.fleet import DEFAULT_MODULE, Fleet
from nundb_exporter.config.settings import Endpoint, Module, Target
from nundb_exporter.errors import ConfigError
from nundb_exporter.quantities import visible

_PARAMETERS: Final = ("target", "module", "debug")
_MOST_FIELDS: Final = 16
_SWITCH: Final = {"true": True, "1": True, "false": False, "0": False}


class RefusedError(Exception):
    """A request names no node that may be asked; the text says why in one line."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A node that a request wants, and may have."""

    target: Target
    module: str
    """The name of its module; empty where a configured node has one without a name."""
    route: Route
    is_debug: bool = False

    @property
    def query(self) -> str:
        """The query that selects it."""
        return urlencode({"target": str(self.target.endpoint), **({"module": self.module} if self.module else {})})

    @property
    def key(self) -> tuple[Endpoint, str]:
        """What tells it apart from others."""
        return self.target.endpoint, self.module


def select(fleet: Fleet, query: str) -> Selection:
    """Return the node that a query names.

    A configured node is asked with its own module; any other module is for what targets.allow says alone, so that no
    node is told the password of another.

    Raises:
        RefusedError: a parameter is missing, unknown, given twice or not valid, there is no such module, or the target
            may not be asked.
    """
    given = _parameters(query)
    if "target" not in given:
        raise RefusedError("the parameter target is missing: write it as /probe?target=nun-db-0:3013&module=default")
    try:
        endpoint = parse_target("target", given["target"])
    except ConfigError as error:
        raise RefusedError(str(error)) from None
    is_debug = _SWITCH.get(given.get("debug", "false"))
    if is_debug is None:
        raise RefusedError("debug is neither true nor false")
    name = given.get("module")
    if name is not None and name not in fleet.modules:
        raise RefusedError(f"there is no module {visible(name)}: the modules are {_names(fleet.modules)}")
    for node in fleet.nodes:
        if node.endpoint == endpoint and (name is None or fleet.modules[name] == node.module):
            return replace(configured(fleet, node, name), is_debug=is_debug)
    refusal = fleet.allow.refusal(endpoint)
    if refusal is not None:
        raise RefusedError(f"target {visible(str(endpoint))} {refusal}")
    name = DEFAULT_MODULE if name is None else name
    if name not in fleet.modules:
        raise RefusedError(f"the parameter module is missing: the modules are {_names(fleet.modules)}")
    route = Route(partial(fleet.allow.admits, endpoint))
    return Selection(Target(endpoint, fleet.modules[name]), name, route, is_debug)


def names_target(query: str) -> bool:
    """Whether a query is about one node; a page that is about all of them ignores any other."""
    return any(name == "target" for name, _ in parse_qsl(query, keep_blank_values=True))


def leaves_node_out(query: str) -> bool:
    """Whether a query of the metrics page wants it without the only node: `node=none`.

    Raises:
        RefusedError: the parameter has another value.
    """
    values = {value for name, value in parse_qsl(query, keep_blank_values=True) if name == "node"}
    if values - {"none"}:
        raise RefusedError("node can only be none, for the page without the node: /probe?target= selects one")
    return bool(values)


def configured(fleet: Fleet, node: Target, name: str | None = None) -> Selection:
    """Return a configured node, asked with its own module, of which it may be known by which name it was called."""
    return Selection(node, name or fleet.name_of(node.module), DIRECT)


def member(fleet: Fleet, endpoint: Endpoint, seed: Target) -> Selection | None:
    """Return a node that a configured node has named, asked with the same module; None if it may not be asked."""
    if fleet.allow.refusal(endpoint) is not None:
        return None
    route = Route(partial(fleet.allow.admits, endpoint))
    return Selection(Target(endpoint, seed.module), fleet.name_of(seed.module), route)


def _names(modules: Mapping[str, Module]) -> str:
    return ", ".join(map(visible, sorted(modules)))


def _parameters(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise RefusedError("the query is not one of names and values in UTF-8") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in _PARAMETERS:
            raise RefusedError(f"unknown parameter {visible(name)}: there are {', '.join(_PARAMETERS)}")
        if name in found:
            raise RefusedError(f"the parameter {name} is given twice")
        found[name] = value
    return found
