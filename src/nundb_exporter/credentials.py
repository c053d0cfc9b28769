"""Names and secrets, validated when they are read so that none can change the meaning of a command.

Nun-db has no quoting: `;` separates commands over HTTP and WebSocket, a newline ends one over TCP, and spaces split
its arguments (protocol notes 1.0). A value that holds one of them would be cut, or run as a command.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from nundb_exporter.errors import ConfigError

_COMMAND_BREAKS: Final = {";": "a semicolon", "\n": "a newline", "\r": "a carriage return", "\0": "a NUL character"}
_INVISIBLE: Final = {
    "Cc": "a control character",
    "Cf": "a zero-width character",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}
"""By Unicode category. No keyboard types them: they come along when a text is copied."""
_UNSEEN_LETTERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0") | frozenset(
    map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
"""Those of other categories that are nevertheless not drawn: fillers, joiners and variation selectors."""
_BYTE_ORDER_MARK: Final = "\ufeff"


class Secret:
    """A text that is never shown by `repr`, `str` or a format string."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def reveal(self) -> str:
        """Return the text itself; only for sending it."""
        return self._text


def without_editor_marks(text: str) -> str:
    """Return the text without what editors and `echo` add: a byte order mark before it, one line end after it."""
    text = text.removeprefix(_BYTE_ORDER_MARK)
    return text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")


def unseen(character: str) -> str | None:
    """Return what a character is that nobody can see; None if it can be seen."""
    if character in _UNSEEN_LETTERS:
        return "a zero-width character"
    return _INVISIBLE.get(unicodedata.category(character))


Check: TypeAlias = Callable[[str, str], object]
"""Raises ConfigError, given a setting and its text, as `check_text` and `check_word` do."""


def check_text(setting: str, text: str) -> None:
    """Refuse a text that would not reach Nun-db as one whole last argument, or that holds what nobody can see.

    The error names a position, counted in characters from 1, and never the text.

    Raises:
        ConfigError: it is empty, contains a character that ends a command, a control character or a zero-width one, or
            has white space at either end, which Nun-db's HTTP listener strips.
    """
    if not text:
        raise ConfigError(setting, "is empty", "set it")
    for position, character in enumerate(text, 1):
        if name := _COMMAND_BREAKS.get(character):
            problem = f"contains {name} at position {position}, which ends a Nun-db command"
            raise ConfigError(setting, problem, "choose one without it")
    if text != text.strip():
        raise ConfigError(setting, "begins or ends with white space, which Nun-db strips", "choose one without it")
    for position, character in enumerate(text, 1):
        if name := unseen(character):
            cure = "remove it: it came along when the text was copied"
            raise ConfigError(setting, f"contains {name} at position {position}, which cannot be seen", cure)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigError(setting, "is not UTF-8", "Nun-db accepts only UTF-8: choose another") from None


def check_word(setting: str, text: str) -> None:
    """Refuse a text that would not reach Nun-db as one argument.

    Raises:
        ConfigError: as `check_text`, or it contains a space, at which Nun-db splits.
    """
    check_text(setting, text)
    if " " in text:
        raise ConfigError(setting, "contains a space, at which Nun-db splits arguments", "choose one without it")


@dataclass(frozen=True, slots=True)
class Credentials:
    """The administrator of a node: only administrators may use the commands that the exporter needs."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class DatabaseAccess:
    """A database and the token that opens it; an administrator cannot read a database without its token."""

    name: str
    token: Secret
