"""What may be written to a terminal."""


def printable(text: str) -> str:
    r"""Return the text with what a terminal would obey written as `\x1b`: names are chosen by whoever writes a key."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
