"""The nodes that are asked by /probe: each is kept with its connections while it is used, and no more than fit."""

import asyncio
import resource
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from nundb_exporter.web.scraped import ScrapedNode

_MOST: Final = 1024
_DESCRIPTORS_EACH: Final = 6
"""One of so many descriptors is for a kept node: half of all are for clients, and a node has up to three connections
at a time."""
IDLE_SECONDS: Final = 300.0
"""After which a node that nobody asks is forgotten: longer than the usual intervals between scrapes."""


def most_kept(descriptors: int) -> int:
    """Return how many nodes may be kept by a process that may open so many files."""
    return _MOST if descriptors == resource.RLIM_INFINITY else min(_MOST, max(descriptors // _DESCRIPTORS_EACH, 1))


class KeptNodes:
    """Nodes by their key, the longest unused first.

    Beyond `most`, the longest unused is closed. One that has a scrape in progress is not, so there may be more for a
    moment: as many as clients are connected.
    """

    def __init__(self, most: int | None = None, idle_seconds: float = IDLE_SECONDS) -> None:
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._most = most_kept(limit) if most is None else most
        self._idle_seconds = idle_seconds
        self._nodes: OrderedDict[Hashable, tuple[ScrapedNode, float]] = OrderedDict()
        self._closing: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Return how many are kept."""
        return len(self._nodes)

    def get(self, key: Hashable, make: Callable[[], ScrapedNode]) -> ScrapedNode:
        """Return the node of that key, made anew if it is not kept; the caller uses it at once.

        Raises whatever `make` raises.
        """
        now = asyncio.get_running_loop().time()
        kept = self._nodes.pop(key, None)
        node = make() if kept is None else kept[0]
        self._nodes[key] = node, now
        self._forget(len(self._nodes) - self._most, now, but=node)
        self._watch()
        return node

    def _forget(self, surplus: int, now: float, but: ScrapedNode | None = None) -> None:
        """Close as many as are too many, and those that have not been used for long."""
        forgotten: dict[Hashable, ScrapedNode] = {}
        for key, (node, used_at) in self._nodes.items():
            if len(forgotten) >= surplus and now - used_at < self._idle_seconds:
                break
            if not node.is_in_use and node is not but:
                forgotten[key] = node
        for key, node in forgotten.items():
            del self._nodes[key]
            task = asyncio.create_task(node.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _watch(self) -> None:
        """Look again after as long as a node may be unused: so one that nobody asks is kept at most twice as long."""
        if self._timer is None and self._nodes:
            self._timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        self._forget(len(self._nodes) - self._most, asyncio.get_running_loop().time())
        self._watch()

    def give_up(self) -> list[ScrapedNode]:
        """Return all, and keep them no longer."""
        nodes = [node for node, _ in self._nodes.values()]
        self._nodes.clear()
        return nodes

    async def close(self) -> None:
        """Close all."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._nodes:
            _, (node, _) = self._nodes.popitem()
            await node.close()
        await asyncio.gather(*self._closing)
