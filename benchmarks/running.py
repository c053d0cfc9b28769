"""A program that runs while something is measured."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType


@contextmanager
def running(
    *command: str, environment: Mapping[str, str] = MappingProxyType({}), is_quiet: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, and end it."""
    # Byte code is written, as it is where somebody has installed the exporter.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    errors = subprocess.DEVNULL if is_quiet else None
    process = subprocess.Popen(command, env={**inherited, **environment}, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
