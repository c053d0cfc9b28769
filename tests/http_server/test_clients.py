"""Clients of other people: curl, the standard library, aiohttp, and h11, which is strict."""

import asyncio
import http.client
import shutil

import aiohttp
import h11
import pytest

from tests.wire.waiting import PATIENCE_SECONDS

from .serving import Client, Serving, serving


async def run(*command: str) -> str:
    """Return what a program prints."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(PATIENCE_SECONDS):
        stdout, _ = await process.communicate()
    assert process.returncode == 0
    return stdout.decode()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2"])
async def test_curl_is_answered(version: str) -> None:
    """Two pages in one run, of a body too, whatever version it prefers; --http2 only offers it."""
    async with serving() as served:
        url = f"http://127.0.0.1:{served.port}"
        said = await run("curl", "--silent", version, "--write-out", "%{http_code}\n", f"{url}/?q=1", f"{url}/last")
        assert said == "GET / q=1\n200\nGET /last \n200\n"
        said = await run(
            "curl", "--silent", version, "--data", "abc", "--header", "Expect: 100-continue", f"{url}/later"
        )
        assert said == "POST /later \n"
        assert "HTTP/1.1 200 OK" in await run("curl", "--silent", version, "--head", url)


def ask_with_the_standard_library(port: int) -> list[tuple[int, bytes]]:
    """Return statuses and bodies of requests on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    answers = []
    for method, path, body in (("GET", "/", None), ("HEAD", "/", None), ("POST", "/later", b"x"), ("PUT", "/", b"y")):
        connection.request(method, path, body)
        response = connection.getresponse()
        answers.append((response.status, response.read()))
    connection.request(
        "POST", "/later", iter([b"in ", b"chunks"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"}
    )
    response = connection.getresponse()
    answers.append((response.status, response.read()))
    connection.close()
    return answers


async def test_the_standard_library_is_answered() -> None:
    """http.client, every request on the same connection."""
    async with serving() as served:
        answers = await asyncio.to_thread(ask_with_the_standard_library, served.port)
    assert [status for status, _ in answers] == [200, 200, 200, 405, 200]
    assert [body for _, body in answers[:3]] == [b"GET / \n", b"", b"POST /later \n"]


async def test_aiohttp_is_answered() -> None:
    """Many requests at the same time on kept connections."""
    async with serving() as served, aiohttp.ClientSession(f"http://127.0.0.1:{served.port}") as session:

        async def ask(number: int) -> str:
            async with session.get("/later", params={"n": number}) as response:
                return await response.text()

        answers = await asyncio.gather(*(ask(number) for number in range(200)))
        async with session.post("/later", data=b"x" * 10_000, expect100=True) as response:
            assert response.status == 200
    assert answers == [f"GET /later n={number}\n" for number in range(200)]


async def exchange(client: Client, connection: h11.Connection, *asked: h11.Event) -> list[h11.Event]:
    """Send a request with h11 and return the events of its response."""
    for part in asked:
        await client.send(connection.send(part) or b"")
    received: list[h11.Event] = []
    while not received or not isinstance(received[-1], h11.EndOfMessage | h11.ConnectionClosed):
        event = connection.next_event()
        if isinstance(event, h11.Event):
            received.append(event)
        else:
            async with asyncio.timeout(PATIENCE_SECONDS):
                connection.receive_data(await client.reader.read(65536))
    return received


def request(method: str, target: str, *headers: tuple[str, str]) -> h11.Request:
    """Return a request for h11."""
    return h11.Request(method=method, target=target, headers=[("Host", "x"), *headers])


async def asked_by_h11(served: Serving) -> list[int]:
    """Return the statuses of several responses on one connection, all of which h11 finds right."""
    client = await served.connect()
    connection = h11.Connection(h11.CLIENT)
    statuses = []
    for method, target in (("GET", "/"), ("HEAD", "/"), ("GET", "/none"), ("DELETE", "/"), ("GET", "/later")):
        response, *_ = await exchange(client, connection, request(method, target), h11.EndOfMessage())
        assert isinstance(response, h11.Response)
        statuses.append(response.status_code)
        connection.start_next_cycle()
    length = ("Content-Length", "3")
    events = await exchange(
        client, connection, request("POST", "/later", length), h11.Data(data=b"abc"), h11.EndOfMessage()
    )
    assert b"".join(event.data for event in events if isinstance(event, h11.Data)) == b"POST /later \n"
    connection.start_next_cycle()
    expects = request("POST", "/later", length, ("Expect", "100-continue"))
    await client.send(connection.send(expects) or b"")
    async with asyncio.timeout(PATIENCE_SECONDS):
        connection.receive_data(await client.reader.readuntil(b"\r\n\r\n"))
    assert isinstance(connection.next_event(), h11.InformationalResponse)
    await exchange(client, connection, h11.Data(data=b"abc"), h11.EndOfMessage())
    connection.start_next_cycle()
    await exchange(client, connection, request("GET", "/last", ("Connection", "close")), h11.EndOfMessage())
    assert connection.their_state is h11.MUST_CLOSE
    assert await client.rest() == b""
    return statuses


async def test_a_strict_client_finds_nothing_wrong() -> None:
    """h11 raises RemoteProtocolError at any fault of framing or state."""
    async with serving() as served:
        assert await asked_by_h11(served) == [200, 200, 404, 405, 200]
