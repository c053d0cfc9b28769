"""From a command line to a command, or to the original's words about what is wrong with it (parse_request.rs).

The line is cut at single spaces into at most three parts; each verb does what it likes with the last two.
"""

from collections.abc import Mapping
from typing import Final

from nundb_devserver.commands.command import Arguments, Command, ParseError
from nundb_devserver.commands.verbs import VERBS
from nundb_devserver.releases import Release

Vocabulary = Mapping[str, type[Command]]
"""The words that commands start with."""

_TODAYS: Final[Vocabulary] = {word: verb for verb in VERBS for word in verb.words}

WORDS: Final = tuple(sorted(_TODAYS))
"""The 38 words of today."""


def vocabulary_of(release: Release) -> Vocabulary:
    """Return the words that a server of some time understood."""
    known = {word: verb for word, verb in _TODAYS.items() if release.understands(word)}
    return {**known, release.metrics_word: _TODAYS["metrics-state"]}


def parse(text: str, vocabulary: Vocabulary) -> Command:
    """Read one command.

    Raises:
        ParseError: in the original's words.
        Panic: an election candidate whose process id is not a number (parse_request.rs: parse_election_command).
    """
    arguments = Arguments(text.strip("\n").rstrip(";"))
    word = arguments.optional(0)
    verb = vocabulary.get(word)
    if verb is None:
        raise ParseError(f"unknown command: {word}" if word else "empty command")
    return verb.parse(arguments)
