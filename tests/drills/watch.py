"""What Prometheus says of alerts, looked at all the time."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Container, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from .pace import Lateness, Pace

POLL_SECONDS = 0.5


class Watch:
    """Follows the alerts of every job, and asks for series."""

    def __init__(self, address: str, counted_as: Mapping[str, str] | None = None, ignored: Container[str] = ()) -> None:
        """`counted_as` maps further jobs to those whose alerts theirs are: an exporter's own, to its cluster's.

        `ignored` are alerts that are not looked at.
        """
        self._counted_as = counted_as or {}
        self._ignored = ignored
        self._url = f"http://{address}/api/v1"
        self._session: aiohttp.ClientSession
        self._active: dict[str, set[str]] = {}
        self._firing: dict[str, set[str]] = {}
        self._since: dict[str, dict[str, float]] = defaultdict(dict)
        self._resolved: dict[str, set[str]] = defaultdict(set)
        self.unreadable: set[str] = set()
        """Alerts whose texts Prometheus could not fill in."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Connect, and disconnect at the end."""
        async with aiohttp.ClientSession() as self._session:
            yield

    async def look(self, pace: Pace, lateness: Lateness) -> None:
        """Look until cancelled.

        Raises:
            StoodStillError: Prometheus was late, as `Lateness.note` has it.
        """
        loop = asyncio.get_running_loop()
        while True:
            begun = loop.time()
            await self.look_once()
            lateness.note(loop.time() - begun)
            await asyncio.sleep(pace.stretched(POLL_SECONDS))

    async def look_once(self) -> None:
        """Ask Prometheus for its alerts."""
        async with self._session.get(f"{self._url}/alerts") as response:
            alerts = (await response.json())["data"]["alerts"]
        self._take(alerts, asyncio.get_running_loop().time())

    def firing(self, job: str) -> set[str]:
        """The alerts of a job that fire now."""
        return self._firing.get(job, set())

    def is_quiet(self, job: str) -> bool:
        """Whether no alert of a job fires or is about to."""
        return not self._active.get(job)

    def begin(self, job: str) -> None:
        """Forget what has fired so far."""
        self._since[job] = {}
        self._resolved[job] = set()

    def fired(self, job: str) -> dict[str, float]:
        """What has fired since the beginning, and when first, by the clock of the event loop."""
        return self._since[job]

    def resolved(self, job: str) -> set[str]:
        """What has fired since the beginning, and then not, if only for a moment."""
        return set(self._resolved[job])

    async def query(self, expression: str) -> list[Any]:
        """Return the series of an expression now."""
        return await self._get("query", {"query": expression})

    async def query_range(self, expression: str, seconds: float) -> list[Any]:
        """Return the series of an expression over the last seconds."""
        end = time.time()
        return await self._get(
            "query_range", {"query": expression, "start": f"{end - seconds}", "end": f"{end}", "step": "2"}
        )

    async def _get(self, path: str, parameters: dict[str, str]) -> list[Any]:
        async with self._session.post(f"{self._url}/{path}", data=parameters) as response:
            answer = await response.json()
        if answer["status"] != "success":
            raise ValueError(f"{parameters['query']}: {answer['error']}")
        result: list[Any] = answer["data"]["result"]
        return result

    def _take(self, alerts: list[dict[str, Any]], now: float) -> None:
        active, firing = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
        for alert in alerts:
            job, name = alert["labels"]["job"], alert["labels"]["alertname"]
            if name in self._ignored:
                continue
            job = self._counted_as.get(job, job)
            active[job].add(name)
            if "error expanding" in str(alert["annotations"]):
                self.unreadable.add(name)
            if alert["state"] == "firing":
                firing[job].add(name)
                self._since[job].setdefault(name, now)
        for job, since in self._since.items():
            self._resolved[job] |= since.keys() - firing[job]
        self._active, self._firing = active, firing
