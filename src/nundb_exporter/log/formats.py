"""The formats by name (settings.py), and how one is told from the log's first bytes."""

import re
from collections.abc import Callable
from typing import Final

from nundb_exporter.log import journald
from nundb_exporter.log.framing import Cri, Docker, Framing, Pieced, Raw
from nundb_exporter.log.settings import AUTO

_JOURNALD: Final[tuple[tuple[re.Pattern[bytes], Callable[[], Framing]], ...]] = (
    (re.compile(rb"__CURSOR=|[A-Z_]+=[^\n]*\n[A-Z_]+="), lambda: Pieced(journald.Export())),
    (re.compile(rb"\{"), lambda: Pieced(journald.Json())),
    (re.compile(rb"(?:[A-Z][a-z]{2} [ \d]\d |\d{4}-\d\d-\d\d[T ])[^\n]*\[\d+\]: "), lambda: Pieced(journald.Short())),
    (re.compile(rb""), Raw),  # `-o cat`
)
_BY_NAME: Final[dict[str, tuple[tuple[re.Pattern[bytes], Callable[[], Framing]], ...]]] = {
    "raw": ((re.compile(rb""), Raw),),
    "cri": ((re.compile(rb""), lambda: Pieced(Cri())),),
    "docker": ((re.compile(rb""), lambda: Pieced(Docker())),),
    "journald": _JOURNALD,
    AUTO: (
        (re.compile(rb"[^ \n]+ (?:stdout|stderr) [FP][ :]"), lambda: Pieced(Cri())),
        (re.compile(rb'\{"log":'), lambda: Pieced(Docker())),
        *_JOURNALD,
    ),
}


def framing(name: str, head: bytes) -> Framing:
    """Return the framing of a log in the named format that begins with `head`: at least one line, or all there is."""
    return next(make() for pattern, make in _BY_NAME[name] if pattern.match(head))
