"""What may be written to a terminal."""


def printable(text: str) -> str:
    r"""Return the text with terminal control characters escaped, as `\x1b`: clients of Nun-db choose the names."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
