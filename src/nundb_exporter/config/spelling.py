"""What somebody meant who misspelt a name."""

from collections.abc import Collection


def nearest(name: str, known: Collection[str]) -> str | None:
    """Return the known name that is most like this one; None if none is like it."""
    import difflib  # noqa: PLC0415 - only where a name is wrong

    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


def cure(name: str, known: Collection[str], introduction: str) -> str:
    """Ask whether the nearest name was meant; where none is like it, list them all."""
    meant = nearest(name, known)
    return f"did you mean {meant}?" if meant else f"{introduction} {', '.join(known)}"
