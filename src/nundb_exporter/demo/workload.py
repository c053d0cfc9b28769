"""The load of the demo: applications that use a shop, its chat and its visitors' sessions.

Keys come from bounded sets, so that an hour of load takes no more memory than a minute.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import cycle
from typing import Final

from websockets.exceptions import WebSocketException

from nundb_devserver import Client, Cluster, Node, RefusedError
from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret
from nundb_exporter.demo.clients import connected, listening, post, use_db
from nundb_exporter.errors import ProtocolError

SHOP: Final = DatabaseAccess("shop", Secret("shop-token"))
CHAT: Final = DatabaseAccess("chat", Secret("chat-token"))
SESSIONS: Final = DatabaseAccess("sessions", Secret("sessions-token"))
DATABASES: Final = (SHOP, CHAT, SESSIONS)
STRATEGIES: Final = {SHOP: "none", CHAT: "newer", SESSIONS: "newer"}

_PRODUCTS: Final = ("apple", "bread", "cheese", "coffee", "honey", "olives", "pasta", "pears", "tea", "walnuts")
_ROOMS: Final = ("general", "help", "recipes")
_WORDS: Final = (
    "Good morning!",
    "Are there any pears left?",
    "The bread is fresh today.",
    "Thank you.",
    "Coffee, please",
)
_ORDERS: Final = tuple(f"order:{number}" for number in range(500))
"""Order numbers start again after so many, and messages and sessions likewise."""
_MESSAGES: Final = {room: tuple(f"message:{room}:{number}" for number in range(50)) for room in _ROOMS}
_SESSIONS: Final = tuple(f"session:{number}" for number in range(200))
_STOCK: Final = 400
KEYS: Final = {
    SHOP: (*(f"{of}:{product}" for product in _PRODUCTS for of in ("price", "stock")), *_ORDERS),
    CHAT: tuple(key for room in _ROOMS for key in (f"room:{room}", f"count:{room}", *_MESSAGES[room])),
    SESSIONS: _SESSIONS,
}
"""Every key that is ever written, by its database."""

_SHOPPERS: Final = 3
_TALKERS: Final = 6
_LOGINS: Final = 2
_SHOPPING_PAUSE: Final = 0.25
_TALKING_PAUSE: Final = 3.0
_LOGIN_PAUSE: Final = 0.4
"""Mean seconds between two actions of one client; the pauses are exponentially distributed."""
_STAY_SECONDS: Final = (10.0, 40.0)
"""How long a connection is kept."""
_BUYS: Final = 0.25
_SALE_EVERY_SECONDS: Final = 30.0
_SALE_SECONDS: Final = 3.0
_SALE_FACTOR: Final = 8.0
"""During a sale clients act this many times faster."""
_SNAPSHOT_EVERY_SECONDS: Final = 20.0
_MAX_PENDING: Final = 100
"""Pending operations above which no snapshot is begun: it would be one more of them."""
_RETRY_SECONDS: Final = 0.5

_BROKEN: Final = (OSError, RefusedError, ProtocolError, WebSocketException)
"""How clients see a node that fails."""


class Workload:
    """Applications on a cluster; with half the haste, they pause twice as long. Snapshots are taken unless told not."""

    def __init__(
        self, cluster: Cluster, administrator: Credentials, *, haste: float = 1.0, takes_snapshots: bool = True
    ) -> None:
        self._cluster = cluster
        self._administration = f"auth {administrator.user} {administrator.password.reveal()}"
        self._random = random.Random()  # noqa: S311 - customers are no cryptographers
        self._haste = haste
        self._takes_snapshots = takes_snapshots
        self._speed = 1.0

    async def prepare(self) -> None:
        """Create the databases and fill the shelves.

        Raises:
            RefusedError: the primary will not.
            OSError: it cannot be reached, or hangs up.
        """
        async with connected(self._primary(), self._administration) as admin:
            for access in DATABASES:
                await admin.ask(f"create-db {access.name} {access.token.reveal()} {STRATEGIES[access]}")
            await admin.ask(use_db(SHOP))
            for product in _PRODUCTS:
                await admin.ask(f"set price:{product} {self._random.randint(100, 900)}")
                await admin.ask(f"set stock:{product} {_STOCK}")

    async def run(self) -> None:
        """Work until cancelled; what fails is tried again, on another node if need be."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_SHOPPERS):
                group.create_task(_again(self._shop))
            for number in range(_TALKERS):
                group.create_task(_again(partial(self._talk, f"user{number}")))
            for _ in range(_LOGINS):
                group.create_task(_again(self._visit))
            group.create_task(self._hold_sales())
            if self._takes_snapshots:
                group.create_task(self._take_snapshots())

    def _primary(self) -> Node:
        index = self._cluster.primary
        if index is None:
            raise ConnectionRefusedError("no node is the primary")
        return self._cluster.nodes[index]

    def _anywhere(self) -> Node:
        running = [node for node in self._cluster.nodes if node.is_running]
        if not running:
            raise ConnectionRefusedError("no node runs")
        return self._random.choice(running)

    async def _pause(self, mean_seconds: float) -> None:
        await asyncio.sleep(self._random.expovariate(self._haste / mean_seconds))

    def _end_of_stay(self) -> float:
        return asyncio.get_running_loop().time() + self._random.uniform(*_STAY_SECONDS)

    async def _shop(self) -> None:
        """Serve customers over one TCP connection to the primary: look around, sometimes buy."""
        end = self._end_of_stay()
        async with connected(self._primary(), use_db(SHOP)) as shop:
            while asyncio.get_running_loop().time() < end:
                product = self._random.choice(_PRODUCTS)
                await shop.ask(f"get price:{product}")
                if self._random.random() < _BUYS:
                    await self._buy(shop, product)
                await self._pause(_SHOPPING_PAUSE / self._speed)

    async def _buy(self, shop: Client, product: str) -> None:
        stock = (await shop.ask(f"get stock:{product}"))[0].removeprefix("value ")
        # A replica that rejoined may hold a damaged number (protocol notes 6.7), which is set anew like an empty one.
        if not stock.isdigit() or stock == "0":
            await shop.ask(f"set stock:{product} {_STOCK}")
        await shop.ask(f"increment stock:{product} -1")
        await shop.ask(f"set {self._random.choice(_ORDERS)} 1 {product}, to be delivered today")

    async def _talk(self, user: str) -> None:
        """Join a room over WebSocket, on any node, watch it and say something now and then."""
        room = self._random.choice(_ROOMS)
        end = self._end_of_stay()
        async with listening(self._anywhere(), use_db(CHAT), f"watch room:{room}") as chat:
            while asyncio.get_running_loop().time() < end:
                await self._pause(_TALKING_PAUSE)
                message = f"{user}: {self._random.choice(_WORDS)}"
                await chat.send(f"set room:{room} {message}")
                await chat.send(f"set {self._random.choice(_MESSAGES[room])} {message}")
                await chat.send(f"increment count:{room}")

    async def _visit(self) -> None:
        """Log a visitor in, look at his session on any node, and perhaps log him out, over HTTP."""
        key = self._random.choice(_SESSIONS)
        await post(self._primary(), (use_db(SESSIONS), f"set {key} signed in, two things in the basket"))
        await self._pause(_LOGIN_PAUSE)
        await post(self._anywhere(), (use_db(SESSIONS), f"get {key}"))
        if self._random.random() < 1 / 2:
            # At the primary: a removal elsewhere is never replicated (protocol notes 6.5).
            await post(self._primary(), (use_db(SESSIONS), f"remove {key}"))
        await self._pause(_LOGIN_PAUSE)

    async def _hold_sales(self) -> None:
        while True:
            await asyncio.sleep(_SALE_EVERY_SECONDS)
            self._speed = _SALE_FACTOR
            await asyncio.sleep(_SALE_SECONDS)
            self._speed = 1.0

    async def _take_snapshots(self) -> None:
        for access in cycle(DATABASES):
            await asyncio.sleep(_SNAPSHOT_EVERY_SECONDS)
            await _once(partial(self._take_snapshot, access))

    async def _take_snapshot(self, access: DatabaseAccess) -> None:
        """Begin a snapshot unless one is under way: two that overlap are never acknowledged (protocol notes 5.2)."""
        async with connected(self._primary(), self._administration, use_db(access)) as admin:
            if await self._may_snapshot(admin):
                await admin.ask(f"snapshot false {access.name}")

    async def _may_snapshot(self, admin: Client) -> bool:
        state = (await admin.ask("metrics-state"))[0]
        pending = int(state.partition("pending_ops: ")[2].partition(",")[0])
        return pending <= _MAX_PENDING and not any(
            ", opp_id: 0," in entry for entry in await admin.ask("debug pending-ops")
        )


async def _again(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await _once(work)


async def _once(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except _BROKEN:
        await asyncio.sleep(_RETRY_SECONDS)
