"""What the canary writes: a key of its own with a word of fixed size, and a key for all with two words.

The first word of a value is what a faulty sync of Nun-db loses (protocol notes 6.7): of two words the second stays, of
one nothing. The key of two words is never written again, so it shows damage that stays.
"""

import hashlib
from typing import Final

STILL: Final = "still"
"""The key that all canaries of a database share."""
STILL_VALUE: Final = "first second"
_PREFIX: Final = "beat_"
_DIGITS: Final = 16


def key_of(name: str) -> str:
    """Return the key of the canary of that name, which it does not show."""
    return f"{_PREFIX}{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def word(moment_nanoseconds: int) -> str:
    """Return a word of always the same length, so that the files do not grow; later ones compare as larger."""
    return f"{moment_nanoseconds:0{_DIGITS}x}"[-_DIGITS:]


def is_canarys(key: str) -> bool:
    """Whether a key is one of a canary, or of Nun-db itself."""
    return key == STILL or key.startswith((_PREFIX, "$")) or not key
