"""What is let through to the pages, and what every answer carries."""

import pytest

from nundb_exporter.config.web_file import RateLimit
from nundb_exporter.web.guard.bucket import TokenBucket

from .guarding import Folder, guarding, hashed

USERS = f"basic_auth_users: {{alice: '{hashed('one')}'}}\n"
ONE_AN_HOUR = "rate_limit: {interval: 1h, burst: 1}\n"


async def test_without_users_everybody_is_let_through(folder: Folder) -> None:
    """With a login or without."""
    async with guarding(folder.write("")) as server:
        assert await server.status() == 200
        assert await server.status(login="alice:one") == 200
        assert server.tally.logins is None


async def test_users_are_asked_for_their_password(folder: Folder) -> None:
    """On every path, also one that does not exist; refused requests are counted."""
    async with guarding(folder.write(USERS), "/-/healthy") as server:
        for path in ("/", "/now", "/no-such-page"):
            refused = await server.ask(path)
            assert refused.status == 401
            assert refused.headers["WWW-Authenticate"].startswith('Basic realm="')
            assert await server.status(path, login="alice:two") == 401
        assert server.tally.logins == 6
        for _ in range(2):
            assert await server.status(login="alice:one") == 200
            assert await server.status("/now", login="alice:one") == 200
        assert await server.status("/no-such-page", login="alice:one") == 404
        assert server.tally.logins == 6


@pytest.mark.parametrize("text", [USERS, ONE_AN_HOUR])
async def test_open_paths_are_answered_whatever_the_file_asks_for(text: str, folder: Folder) -> None:
    """Only those, and only where the exporter is told to: probes have no password."""
    async with guarding(folder.write(text), "/-/healthy") as server:
        assert [await server.status("/-/healthy") for _ in range(3)] == [200] * 3
    async with guarding(folder.write(text)) as server:
        assert {await server.status("/-/healthy") for _ in range(3)} - {200} != set()


async def test_too_many_requests_are_refused_before_a_password_is_compared(folder: Folder) -> None:
    """And counted."""
    async with guarding(folder.write(USERS + ONE_AN_HOUR)) as server:
        assert await server.status(login="alice:one") == 200
        assert await server.status(login="alice:one") == 429
        assert await server.status() == 429
        assert server.tally.rejected == 2
        assert not server.tally.logins


async def test_a_rate_limit_changes_at_the_next_request(folder: Folder) -> None:
    """Also to none at all."""
    async with guarding(folder.write(ONE_AN_HOUR)) as server:
        assert [await server.status() for _ in range(2)] == [200, 429]
        folder.write(ONE_AN_HOUR.replace("1}", "2}"))
        assert [await server.status() for _ in range(3)] == [200, 200, 429]
        folder.write("rate_limit: {interval: 0}\n")
        assert [await server.status() for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("path", ["/", "/now", "/no-such-page"])
async def test_headers_of_the_file_are_on_every_answer(path: str, folder: Folder) -> None:
    """Refusals too. What an answer has itself stays: a page knows its own policy."""
    headers = "{X-Frame-Options: deny, Strict-Transport-Security: max-age=1, X-Content-Type-Options: nosniff}"
    async with guarding(folder.write(f"{USERS}http_server_config: {{headers: {headers}}}\n")) as server:
        for login in ("", "alice:one", "alice:one"):
            found = (await server.ask(path, login=login)).headers
            assert found["Strict-Transport-Security"] == "max-age=1"
            assert found.getall("X-Content-Type-Options") == ["nosniff"]
            assert found.getall("X-Frame-Options") == ["own" if login and path == "/now" else "deny"]


def test_a_bucket_fills_with_time() -> None:
    """One token after each interval, up to the burst; at first it is full."""
    now = 100.0
    bucket = TokenBucket(RateLimit(interval_seconds=2, burst=3), lambda: now)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now += 2
    assert [bucket.take() for _ in range(2)] == [True, False]
    now += 1
    assert not bucket.take()
    now += 1
    assert bucket.take()
    now += 3600
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_a_burst_of_0_lets_nothing_through() -> None:
    """As the toolkit's limiter does."""
    now = 0.0
    bucket = TokenBucket(RateLimit(interval_seconds=1, burst=0), lambda: now)
    assert not bucket.take()
    now += 10
    assert not bucket.take()
