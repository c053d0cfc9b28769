"""Key presses, each as it comes, without Enter."""

import asyncio
import os
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

_CHUNK: Final = 64


@contextmanager
def keys(descriptor: int | None, press: Callable[[str], None]) -> Iterator[bool]:
    """Call `press` with each key while the context lasts; tell whether there is a keyboard to listen to.

    A job in the background has none: the system would stop it for changing the terminal.
    """
    if descriptor is None or not (os.isatty(descriptor) and os.tcgetpgrp(descriptor) == os.getpgrp()):
        yield False
        return
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            data = os.read(descriptor, _CHUNK)
        except OSError:
            data = b""
        if not data:  # the terminal has gone
            loop.remove_reader(descriptor)
        for key in data.decode(errors="ignore"):
            press(key)

    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield True
    finally:
        loop.remove_reader(descriptor)
        with suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
