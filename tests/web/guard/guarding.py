"""A server behind a guard, and the files of its configuration."""

import asyncio
import contextlib
import functools
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import bcrypt
import trustme

from nundb_exporter import http_server
from nundb_exporter.http_server import Request, Response, Router, listen
from nundb_exporter.web.guard import Configuration, Guard
from nundb_exporter.web.scraped import Tally
from tests.wire.waiting import PATIENCE_SECONDS

HOST = "127.0.0.1"
TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"


@functools.cache
def hashed(password: str) -> str:
    """Return a hash of a password, the cheapest that there is, and always the same: names of tests hold it."""
    return bcrypt.hashpw(password.encode(), b"$2b$04$......................").decode()


@dataclass
class Folder:
    """A directory with a web configuration file, certificates, and who has signed them."""

    path: Path
    authority: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        self.authority.cert_pem.write_to_path(str(self.path / "ca.pem"))
        self.renew()

    def renew(self) -> None:
        """Write a new certificate of the server, and its key."""
        certificate = self.authority.issue_cert(HOST, "localhost")
        certificate.private_key_pem.write_to_path(str(self.path / "server.key"))
        (self.path / "server.crt").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))

    def write(self, text: str) -> str:
        """Write the configuration file, and return its path."""
        (self.path / "web.yml").write_text(text)
        return str(self.path / "web.yml")

    def client(self, *names: str, authority: trustme.CA | None = None) -> tuple[str, str]:
        """Return the files of a client's certificate with these names, and of its key."""
        certificate = (authority or self.authority).issue_cert(*names)
        stem = self.path / "client"
        certificate.private_key_pem.write_to_path(f"{stem}.key")
        certificate.cert_chain_pems[0].write_to_path(f"{stem}.pem")
        return f"{stem}.pem", f"{stem}.key"

    def trusting(self, certificate: tuple[str, str] | None = None) -> ssl.SSLContext:
        """Return the context of a client that trusts the server."""
        context = ssl.create_default_context(cafile=str(self.path / "ca.pem"))
        if certificate:
            context.load_cert_chain(*certificate)
        return context


@dataclass(frozen=True)
class Guarded:
    """A server behind a guard."""

    url: str
    port: int
    tally: Tally
    configuration: Configuration

    async def status(self, path: str = "/", *, tls: ssl.SSLContext | None = None, login: str = "") -> int:
        """Return the status of an answer, on a connection of its own."""
        return (await self.ask(path, tls=tls, login=login)).status

    async def ask(
        self, path: str = "/", *, tls: ssl.SSLContext | None = None, login: str = ""
    ) -> aiohttp.ClientResponse:
        """Return an answer, on a connection of its own."""
        user, _, password = login.partition(":")
        headers = {"Authorization": aiohttp.encode_basic_auth(user, password)} if login else {}
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{self.url}{path}", ssl=tls or True) as response,
        ):
            await response.read()
            return response

    async def handshake(self, tls: ssl.SSLContext) -> ssl.SSLObject:
        """Shake hands, have a request answered, and return what was agreed upon."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, self.port, ssl=tls)
            try:
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                answer = await reader.read()
                agreed = writer.get_extra_info("ssl_object")
                assert isinstance(agreed, ssl.SSLObject)
            finally:
                writer.transport.abort()
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise ConnectionResetError
        return agreed


async def later(_: Request) -> Response:
    """Answer, but not at once."""
    await asyncio.sleep(0)
    return Response.of_text("later\n")


@contextlib.asynccontextmanager
async def guarding(path: str, *open_paths: str) -> AsyncIterator[Guarded]:
    """Serve what a web configuration file lets through, on a free port."""

    def page(_: Request) -> Response:
        return Response.of_text("page\n", headers={"X-Frame-Options": "own"})

    configuration = Configuration(path)
    tally = Tally()
    guard = Guard(
        Router({"/": {"GET": later}, "/now": {"GET": page}, "/-/healthy": {"GET": page}}),
        configuration,
        tally,
        open_paths=frozenset(open_paths),
        own_headers=frozenset({"x-content-type-options"}),
    )
    server = http_server.Server(
        guard,
        headers={"X-Content-Type-Options": "nosniff"},
        tls=configuration.context if configuration.is_tls else None,
    )
    (listener,) = listen(HOST, 0)
    server.start([listener])
    port = listener.socket.getsockname()[1]
    scheme = "https" if configuration.is_tls else "http"
    try:
        yield Guarded(f"{scheme}://{HOST}:{port}", port, tally, configuration)
    finally:
        await server.stop(0)
