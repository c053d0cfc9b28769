"""The layout of tables in plain text."""

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], *, gap: int) -> list[str]:
    """Return each row as a line, with columns as wide as their widest cell and `gap` spaces between them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [(" " * gap).join(map(str.ljust, row, widths)).rstrip() for row in rows]
