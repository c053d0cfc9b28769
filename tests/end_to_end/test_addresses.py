"""Where a node may be: names, IPv6, paths behind a proxy, TLS in all its failures, and a kept connection's end."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from nundb_exporter.client.tls import client_context
from nundb_exporter.config.settings import Tls, parse_endpoint
from nundb_exporter.errors import ConfigError
from nundb_exporter.scrape import Scraper
from tests.wire.behaviours import answering, saying, silent
from tests.wire.exporter import SHORT, scrape, serving, target
from tests.wire.framing import http
from tests.wire.pages import fetch
from tests.wire.ports import refusing
from tests.wire.replies import GOOD
from tests.wire.scripted import Behaviour, Peer, ScriptedNode
from tests.wire.waiting import until

from .conftest import Certificates, Nodes

NODE_NAME = "nun-db.test"
"""A name that only a certificate knows."""


@pytest.mark.parametrize("scheme", ["http", "https", "tcp", "ws", "wss"])
async def test_an_unknown_name_is_a_failure_of_the_connection(scheme: str) -> None:
    """The name service knows no such host."""
    page = await scrape(target(f"{scheme}://no-such-host.invalid:3013"))
    assert page.reasons == ["connect"]
    assert not page.node_families


async def test_a_name_whose_addresses_all_refuse_is_told_in_a_few_words(caplog: pytest.LogCaptureFixture) -> None:
    """`localhost` may have two addresses; the log does not repeat them both with their errors."""
    with refusing() as port:
        page = await scrape(target(f"http://localhost:{port}"))
    assert page.reasons == ["connect"]
    assert "Errno" not in caplog.text
    assert "errno" not in caplog.text


async def test_a_node_on_ipv6_is_reached(nodes: Nodes) -> None:
    """An address in brackets works in a URL of each transport."""
    node = nodes(answering())
    node.host = "::1"
    async with node:
        assert f"://[::1]:{node.port}" in node.url
        assert (await scrape(target(node.url, tls=nodes.tls))).is_up


@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_a_path_of_the_url_is_asked_for(scheme: str) -> None:
    """A proxy that serves the node under a path gets that path, and the host as it is in the URL."""
    heads: list[str] = []

    async def behave(peer: Peer) -> None:
        heads.append((await peer.reader.readuntil(b"\r\n\r\n")).decode())
        await peer.send(http(b"", "404 Not Found"))

    async with ScriptedNode(behave, scheme) as node:
        page = await scrape(target(f"{node.url}/databases/nun%20db"))
        assert page.reasons == ["protocol"]
        first, *others = heads[0].split("\r\n")
        assert first.split()[1] == "/databases/nun%20db"
        assert f"host: 127.0.0.1:{node.port}" in [line.lower() for line in others]


async def test_a_redirect_is_not_followed_anywhere(nodes: Nodes) -> None:
    """Nothing is sent to the place that a redirect names: it would be told the password."""
    asked: list[bytes] = []

    async def listening(peer: Peer) -> None:
        asked.append(await peer.reader.read(1024))

    async with ScriptedNode(listening) as elsewhere:
        location = f"Location: {elsewhere.url}/"
        async with nodes(saying(http(b"", "307 Temporary Redirect", location))) as node:
            page = await scrape(target(node.url, tls=nodes.tls))
        assert page.reasons == ["protocol"]
        assert elsewhere.connections == 0
    assert not asked


@pytest.fixture(params=["https", "wss"])
def secure(request: pytest.FixtureRequest) -> str:
    """Return a scheme with TLS."""
    chosen: str = request.param
    return chosen


def context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """Return what a node needs that is certified by those names."""
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(made)
    return made


async def test_a_node_may_be_certified_by_another_name(secure: str, certificates: Certificates) -> None:
    """`--nundb.tls.server-name` says which; without it the certificate is refused."""
    own = context(certificates.authority, NODE_NAME)
    trusting = certificates.trusting
    async with ScriptedNode(answering(), secure, tls=own) as node:
        assert (await scrape(target(node.url, tls=trusting))).reasons == ["connect"]
        named = Tls(ca_file=trusting.ca_file, server_name=NODE_NAME)
        assert (await scrape(target(node.url, tls=named))).is_up


async def test_a_certificate_of_an_unknown_authority_is_refused_before_a_word_is_said(
    secure: str, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """No command reaches a node that cannot prove itself, unless we are told not to care."""
    async with ScriptedNode(answering(), secure, tls=context(trustme.CA(), "127.0.0.1")) as node:
        assert (await scrape(target(node.url, tls=certificates.trusting))).reasons == ["connect"]
        assert not node.commands
        assert "certificate verify failed" in caplog.text or "unable to get local issuer" in caplog.text
        assert (await scrape(target(node.url, tls=Tls(insecure_skip_verify=True)))).is_up


async def test_a_node_may_ask_for_our_certificate(secure: str, certificates: Certificates, tmp_path: Path) -> None:
    """With it the node answers; without it the reason is the connection, and told as one of TLS."""
    own = context(certificates.authority, "127.0.0.1")
    own.verify_mode = ssl.CERT_REQUIRED
    certificates.authority.configure_trust(own)
    ours = certificates.authority.issue_cert("exporter.test")
    ours.private_key_and_cert_chain_pem.write_to_path(tmp_path / "ours.pem")
    trusting = certificates.trusting
    async with ScriptedNode(answering(), secure, tls=own) as node:
        assert (await scrape(target(node.url, tls=trusting))).reasons == ["connect"]
        shown = Tls(ca_file=trusting.ca_file, cert_file=str(tmp_path / "ours.pem"))
        assert (await scrape(target(node.url, tls=shown))).is_up


async def test_plain_text_on_a_tls_port_is_a_failure_of_the_connection(secure: str, certificates: Certificates) -> None:
    """The node has no TLS: the handshake fails."""
    async with ScriptedNode(saying(b"no TLS here\r\n"), "tcp") as node:
        page = await scrape(target(node.url.replace("tcp", secure), tls=certificates.trusting))
    assert page.reasons == ["connect"]


async def test_a_handshake_that_never_ends_is_a_failure_of_the_connection(
    secure: str, certificates: Certificates, caplog: pytest.LogCaptureFixture
) -> None:
    """What accepts and does not answer the TLS hello has not taken a connection yet."""
    async with ScriptedNode(silent, "tcp") as node:
        page = await scrape(target(node.url.replace("tcp", secure), tls=certificates.trusting), SHORT)
    assert page.reasons == ["connect"]
    assert "TLS: the handshake did not end in time" in caplog.text


@pytest.mark.parametrize("scheme", ["http", "tcp", "ws"])
async def test_tls_on_a_plain_port_is_one_failure(scheme: str, certificates: Certificates) -> None:
    """A node with TLS takes our words for a broken hello and closes, or waits for one."""
    async with ScriptedNode(answering(), scheme, tls=certificates.server) as node:
        page = await scrape(target(node.url), SHORT)
    assert len(page.reasons) == 1


def test_a_tls_file_that_is_none_is_told_when_the_node_is_made(secret_file: Callable[[str, str], str]) -> None:
    """The error names the setting, not what is in the file."""
    with pytest.raises(ConfigError, match=r"--nundb\.tls\.ca-file: .*ca\.pem cannot be read"):
        Scraper(target("https://127.0.0.1:1", tls=Tls(ca_file=secret_file("ca.pem", "marked"))))
    with pytest.raises(ConfigError, match=r"--nundb\.tls\.cert-file: cannot read /no/such/file\.pem "):
        Scraper(target("wss://127.0.0.1:1", tls=Tls(cert_file="/no/such/file.pem")))


def test_certificates_are_loaded_once(certificates: Certificates) -> None:
    """Loading all CA certificates takes longer than a scrape, and trying transports makes new ones each time."""
    first, second = (parse_endpoint("NUN_URL", url) for url in ("https://a", "wss://b"))
    assert client_context(first, certificates.trusting) is client_context(second, certificates.trusting)
    assert client_context(first, Tls(insecure_skip_verify=True)) is not client_context(second, certificates.trusting)
    assert client_context(parse_endpoint("NUN_URL", "http://a"), certificates.trusting) is None


async def test_a_node_that_was_restarted_is_well_at_the_next_scrape(nodes: Nodes) -> None:
    """The connection that was kept is dead; not one scrape fails for it."""
    async with nodes(answering()) as node, serving(target(node.url, "shop", tls=nodes.tls)) as url:
        for _ in range(3):
            pages = await asyncio.gather(*(fetch(f"{url}/metrics", timeout_header=str(20 + n)) for n in range(4)))
            assert all(page.is_up for page in pages)
            await node.restart()
        assert (await fetch(f"{url}/metrics")).is_up


async def reset_next_time(peer: Peer) -> None:
    """Answer once, and end the connection with RST at the second request."""
    await _answer_once(peer)
    await peer.reader.readexactly(1)
    peer.reset()


async def close_next_time(peer: Peer) -> None:
    """Answer once, and close at the second request without an answer."""
    await _answer_once(peer)
    await peer.commands()


async def half_close(peer: Peer) -> None:
    """Answer once, and close our direction alone."""
    await _answer_once(peer)
    peer.writer.write_eof()
    await peer.hang()


async def _answer_once(peer: Peer) -> None:
    commands = await peer.commands()
    await peer.send(peer.wire.encode([GOOD[command] for command in commands]))


@pytest.mark.parametrize("ending", [reset_next_time, close_next_time, half_close])
async def test_a_kept_connection_may_end_in_any_way(ending: Behaviour) -> None:
    """Whatever a server or a proxy does to an idle connection, the next scrape is good."""
    async with ScriptedNode(ending) as node, serving(target(node.url)) as url:
        for _ in range(4):
            assert (await fetch(f"{url}/metrics")).is_up
        assert node.connections >= 4


async def test_words_that_nobody_asked_for_end_a_kept_connection() -> None:
    """A proxy says that it has waited long enough; that must not be taken for the next answer."""
    waited = asyncio.Event()

    async def behave(peer: Peer) -> None:
        await _answer_once(peer)
        await waited.wait()
        await peer.send(http(b"", "408 Request Timeout"))
        await peer.hang()

    async with ScriptedNode(behave) as node, serving(target(node.url)) as url:
        assert (await fetch(f"{url}/metrics")).is_up
        waited.set()
        await until(lambda: node.left == 1)
        waited.clear()
        assert (await fetch(f"{url}/metrics")).is_up


async def test_a_connection_that_the_node_closes_each_time_is_no_failure() -> None:
    """A proxy may send `Connection: close`: each scrape dials anew."""

    async def behave(peer: Peer) -> None:
        commands = await peer.commands()
        body = ";".join(GOOD[command].message or "" for command in commands).encode()
        await peer.send(http(body, "200 OK", "Connection: close"))

    async with ScriptedNode(behave) as node, serving(target(node.url)) as url:
        for _ in range(3):
            assert (await fetch(f"{url}/metrics")).is_up
        assert node.connections == 3


async def test_one_connection_serves_many_scrapes(certificates: Certificates) -> None:
    """HTTP connections are kept alive, with TLS too; its handshake is paid once."""
    for scheme, tls in (("http", None), ("https", certificates.server)):
        async with (
            ScriptedNode(answering(), scheme, tls=tls) as node,
            serving(target(node.url, tls=certificates.trusting)) as url,
        ):
            for _ in range(5):
                assert (await fetch(f"{url}/metrics")).is_up
            assert node.connections == 1
