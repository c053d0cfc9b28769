"""From a command line to a command, or to the original's words about what is wrong with it (parse_request.rs).

The line is cut at single spaces into at most three parts; each verb does what it likes with the last two.
"""

from typing import Final

from nundb_devserver.commands.command import Arguments, Command, ParseError
from nundb_devserver.commands.verbs import VERBS
from nundb_devserver.releases import Release

_BY_WORD: Final = {word: verb for verb in VERBS for word in verb.words}

WORDS: Final = tuple(sorted(_BY_WORD))
"""The 38 words that commands start with."""

_METRICS_STATE: Final = _BY_WORD["metrics-state"]


def parse(text: str, release: Release) -> Command:
    """Read one command as a server of some release does.

    Raises:
        ParseError: in the original's words.
        Panic: an election candidate whose process id is not a number (parse_request.rs: parse_election_command).
    """
    arguments = Arguments(text.strip("\n").rstrip(";"))
    word = arguments.optional(0)
    verb = _METRICS_STATE if word == release.metrics_word else _BY_WORD.get(word)
    if verb is None or not release.understands(word):
        raise ParseError(f"unknown command: {word}" if word else "empty command")
    return verb.parse(arguments)
