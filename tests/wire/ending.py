"""Programs that end with the tests that have started them."""

import shutil
from typing import Final

_LINUX: Final = ("setpriv", "--pdeathsig", "KILL")

WITH_US: Final = _LINUX if shutil.which(_LINUX[0]) else ()
"""What a command begins with that the kernel is to end when we end, even by SIGKILL: it becomes that command.

A shell that waits for our end, as the demo has it for Prometheus, would stand between us and the program, whose number
and signals are what recordings and drills are about.
"""
