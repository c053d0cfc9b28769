"""The program `nundb-exporter`, run as a user runs it."""

import asyncio
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from nundb_exporter.credentials import Credentials, DatabaseAccess

PROGRAM = (sys.executable, "-m", "nundb_exporter")


def environment(administrator: Credentials) -> dict[str, str]:
    """Return our environment with the administrator's name and password."""
    return {**os.environ, "NUN_USER": administrator.user, "NUN_PWD": administrator.password.reveal()}


def configuration(directory: Path, databases: Iterable[DatabaseAccess], **module: object) -> Path:
    """Write a configuration file with one module, and the databases' tokens in files beside it; return its path."""
    tokens = []
    for access in databases:
        file = directory / f"{access.name}.token"
        file.write_text(access.token.reveal(), encoding="utf-8")
        tokens.append({"name": access.name, "token_file": str(file)})
    path = directory / "nundb-exporter.yml"
    path.write_text(yaml.safe_dump({"modules": {"default": {**module, "databases": tokens}}}), encoding="utf-8")
    return path


async def printed(administrator: Credentials, *arguments: str) -> dict[str, Any]:
    """Run it with these arguments, and return the JSON that it prints, whatever its exit code.

    Raises:
        ValueError: it printed nothing but errors.
    """
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, *arguments),
        env=environment(administrator),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if not output:
        raise ValueError(errors.decode())
    document: dict[str, Any] = json.loads(output)
    return document
