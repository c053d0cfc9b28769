"""What systemd is told: that the exporter is ready, reads its settings again, stops, and still lives (sd_notify(3))."""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Mapping
from typing import Final

from nundb_exporter.system_errors import cause_of

_LOGGER: Final = logging.getLogger(__name__)
_MICROSECONDS: Final = 1_000_000


class ServiceManager:
    """Sends datagrams to the socket that NOTIFY_SOCKET names; does nothing where there is none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # An abstract socket is written with `@`, and its name begins with NUL.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._is_told = address.startswith(("/", "@"))
        self._interval = _watchdog_seconds(environment) / 3
        self._beating: asyncio.TimerHandle | None = None

    def ready(self, status: str) -> None:
        """Say that the exporter serves, with a sentence for `systemctl status`; from now on, that it lives."""
        self._tell(f"READY=1\nSTATUS={status}")
        if self._interval and self._beating is None:
            self._beat()

    def reloading(self) -> None:
        """Say that settings are read again; `ready` ends that."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Say that the exporter ends by itself."""
        self._tell("STOPPING=1")

    def _beat(self) -> None:
        """Say that the event loop runs: what keeps it from that keeps scrapes waiting too."""
        self._tell("WATCHDOG=1")
        self._beating = asyncio.get_running_loop().call_later(self._interval, self._beat)

    def _tell(self, state: str) -> None:
        if not self._is_told:
            return
        try:
            with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sender:
                sender.setblocking(False)
                sender.sendto(state.encode(), self._address)
        except OSError as error:
            # Its warnings are told once a minute at most (logs.py).
            _LOGGER.warning("NOTIFY_SOCKET: cannot tell the service manager (%s)", cause_of(error))


def _watchdog_seconds(environment: Mapping[str, str]) -> float:
    """Return within how many seconds a sign of life is wanted; 0 if none is (sd_watchdog_enabled(3))."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not microseconds.isdecimal():
        return 0
    return int(microseconds) / _MICROSECONDS
