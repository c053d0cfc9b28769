"""All that is asked: the nodes that are configured, and what else may be asked, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nundb_exporter.config.allow import AllowList
from nundb_exporter.config.settings import Module, Target

DEFAULT_MODULE: Final = "default"
"""The module of a node that names none; flags and variables describe it too."""
DEFAULT_PORT: Final = 3013
"""Where members that are found are asked: Nun-db's own HTTP port (protocol notes 1)."""

_NOTHING: Final = AllowList()


@dataclass(frozen=True, slots=True)
class Fleet:
    """The nodes, the modules by their names, and what is allowed besides the nodes."""

    nodes: tuple[Target, ...]
    modules: Mapping[str, Module]
    allow: AllowList = _NOTHING
    port: int = DEFAULT_PORT
    """Where members are asked that the nodes name."""

    def name_of(self, module: Module) -> str:
        """Return the name of a module, which is this very one: others may have the same settings; empty without one."""
        return next((name for name, each in self.modules.items() if each is module), "")

    @classmethod
    def of(cls, node: Target) -> "Fleet":
        """Return the fleet of one node, with which nothing else may be asked."""
        return cls((node,), {DEFAULT_MODULE: node.module})
