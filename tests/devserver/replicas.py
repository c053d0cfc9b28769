"""What nodes of a cluster say of themselves and hold."""

import re

from nundb_devserver import Node

from .asking import ask, until

ROLE = re.compile(r"\(self\):(\w+) ")


async def role(node: Node) -> str:
    """Return what a node prints for itself."""
    found = ROLE.search(await ask(node, "cluster-state"))
    return found[1] if found else ""


async def value(node: Node, key: str) -> str:
    """Return a value and its version."""
    return (await ask(node, f"use-db shop st;get-safe {key}")).removeprefix("empty;value-version ").rstrip("\n")


async def until_value(node: Node, key: str, expected: str) -> None:
    """Wait until a node has a value."""

    async def has_it() -> bool:
        return await value(node, key) == expected

    await until(has_it)
