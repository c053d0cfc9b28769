"""What may be written to a terminal, and to a stream that nobody reads any more."""

import errno
import io
import os
from typing import TextIO


def printable(text: str) -> str:
    r"""Return the text with terminal control characters escaped, as `\x1b`: clients of Nun-db choose the names."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def has_color() -> bool:
    """Whether text on a terminal may be coloured: the user can refuse it with NO_COLOR (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and not is_dumb()


def is_dumb() -> bool:
    """Whether the terminal knows neither colours nor movements of the cursor, as those in editors."""
    return os.environ.get("TERM") == "dumb"


class ClosedOutput(io.StringIO):
    """Standard output where the caller has closed it: what is written there is an error, and not lost in silence."""

    def write(self, _: str) -> int:
        """Refuse.

        Raises:
            OSError: always.
        """
        raise _closed()

    def fileno(self) -> int:
        """Refuse likewise.

        Raises:
            OSError: always.
        """
        raise _closed()


def _closed() -> OSError:
    return OSError(errno.EBADF, "it is closed")


def discard(stream: TextIO | None) -> None:
    """Drop what the stream could not write: Python would try once more at the end, and end with code 120 for it."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
