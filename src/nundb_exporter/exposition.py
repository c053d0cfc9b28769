"""Samples to text: Prometheus 0.0.4 and OpenMetrics 1.0, and content negotiation.

A renderer of our own, because the client library takes ten times as long (docs/benchmark.md); the tests check against
the library.
"""

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

from nundb_exporter.metrics import Family, Sample


class Format(Enum):
    """The supported formats, by their Content-Type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Page(NamedTuple):
    """A rendered page."""

    text: str
    dropped: int
    """Samples dropped because an earlier one has the same name and labels."""


def render(samples: Iterable[Sample], format_: Format) -> Page:
    """Render the samples grouped by family, in the order in which the families first occur."""
    families, labels, values = tuple(zip(*samples, strict=True)) or ((), (), ())
    layout = _layout(families, labels, format_ is Format.OPENMETRICS)
    if layout.size > _MAX_KEPT_PAGE:
        _layout.cache_clear()
    pieces = layout.pieces.copy()
    shown = map(values.__getitem__, layout.order)
    pieces[1::2] = [_COMMON.get(value) or _number(value) for value in shown]
    return Page("".join(pieces), len(values) - len(layout.order))


class _Layout(NamedTuple):
    """A page without its values."""

    pieces: list[str]
    """What stands before the first value, its place, what stands before the second one, and so on, and what is last."""
    order: Sequence[int]
    """The position of each value's sample among all."""
    size: int
    """The characters of all pieces."""


_MAX_KEPT_PAGE: Final = 64 * 1024
"""Characters. Larger layouts are not kept: a node that keeps sending new long names must not fill the memory."""


# Every scrape of a node has the same series, so only their values are written each time.
@lru_cache(maxsize=64)
def _layout(families: Sequence[Family], labels: Sequence[tuple[str, ...]], is_openmetrics: bool) -> _Layout:
    groups: dict[Family, list[str]] = {}
    order: dict[Family, list[int]] = {}
    seen: set[str] = set()
    for position, (family, names) in enumerate(zip(families, labels, strict=True)):
        series = _series(family, names)
        if series in seen:
            continue
        seen.add(series)
        shown = family.part_of or family
        if shown not in groups:
            groups[shown] = []
            order[shown] = []
        head = "" if groups[shown] else _head(shown, is_openmetrics)
        groups[shown].append(f"{head}{series} ")
        order[shown].append(position)
    pieces = [""]
    for lines in groups.values():
        for line in lines:
            pieces[-1] += line
            pieces += ("", "\n")
    pieces[-1] += "# EOF\n" if is_openmetrics else ""
    return _Layout(pieces, [each for positions in order.values() for each in positions], sum(map(len, pieces)))


def _head(family: Family, is_openmetrics: bool) -> str:
    meaning = family.help.replace("\\", r"\\").replace("\n", r"\n")
    name = family.name
    if is_openmetrics:
        meaning = meaning.replace('"', r"\"")
        if family.kind == "counter":
            name = name.removesuffix("_total")
    return f"# HELP {name} {meaning}\n# TYPE {name} {family.kind}\n"


def _series(family: Family, labels: tuple[str, ...]) -> str:
    if not labels:
        return family.name
    pairs = [f'{name}="{escaped(value)}"' for name, value in zip(family.labels, labels, strict=True)]
    return f"{family.name}{{{','.join(pairs)}}}"


def escaped(value: str) -> str:
    """Return the value of a label as it stands between its quotes."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


_COMMON: Final[dict[float, str]] = {0: "0", 1: "1"}
"""These are two thirds of all values on a page."""
_SPECIAL: Final = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}


_EXACT: Final = 1 << 53
"""Integers up to this are numbers of Prometheus as they are."""


def _number(value: float) -> str:
    """Return the shortest text that parses to the same number; an integer has no fraction."""
    if type(value) is int and -_EXACT < value < _EXACT:
        return str(value)
    text = repr(float(value)).removesuffix(".0")
    return _SPECIAL.get(text, text)


_MEDIA: Final = {
    "text/plain": ("0.0.4", Format.TEXT),
    "application/openmetrics-text": ("1.0.0", Format.OPENMETRICS),
}
_WILDCARDS: Final = frozenset({"*/*", "text/*"})
_QUALITY: Final = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?", re.ASCII)


# The same headers recur too; clients can send arbitrary ones, so the cache is bounded.
@lru_cache(maxsize=128)
def choose_format(accept: str) -> Format:
    """Return the format with the highest quality in an Accept header, the first of equal ones; text if none is known.

    A wildcard means text unless text is listed.
    """
    wanted: dict[Format, float] = {}
    anything = 0.0
    for media_type, parameters in _ranges(accept):
        version, format_ = _MEDIA.get(media_type, ("", Format.TEXT))
        quality = _quality(parameters)
        if media_type in _WILDCARDS:
            anything = max(anything, quality)
        elif version and parameters.get("version", version) == version:
            wanted[format_] = max(quality, wanted.get(format_, 0.0))
    wanted.setdefault(Format.TEXT, anything)
    best = max(wanted, key=wanted.__getitem__)
    return best if wanted[best] else Format.TEXT


@lru_cache(maxsize=128)
def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header accepts gzip; `gzip;q=0` refuses it."""
    qualities = {coding: _quality(parameters) for coding, parameters in _ranges(accept_encoding)}
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _ranges(header: str) -> Iterable[tuple[str, dict[str, str]]]:
    for item in header.split(","):
        value, *parameters = (part.strip() for part in item.split(";"))
        pairs = (parameter.partition("=") for parameter in parameters)
        yield value.lower(), {name.strip().lower(): text.strip().strip('"') for name, _, text in pairs}


def _quality(parameters: dict[str, str]) -> float:
    text = parameters.get("q", "1")
    return float(text) if _QUALITY.fullmatch(text) else 0.0
