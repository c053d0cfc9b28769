"""The exit codes of all commands."""

from enum import IntEnum


class Exit(IntEnum):
    """How a command ended."""

    OK = 0
    """Done; of a judgement: healthy."""
    UNHEALTHY = 1
    """The judgement is bad: a report names a problem, operations are pending, a generated file is out of date, embedded
    nodes are no cluster or do not take a fault, values of nodes differ."""
    USAGE = 2
    """A setting is wrong; of `compare`: no difference was found, and not everything could be compared."""
    SYSTEM = 3
    """The system refuses: the output cannot be written, a file cannot be made."""
    INTERRUPTED = 130
    """Ended by SIGINT (Ctrl-C): 128 and its number, as shells count."""
    TERMINATED = 143
    """Ended by SIGTERM, likewise."""
