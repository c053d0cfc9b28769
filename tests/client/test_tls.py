"""What is told of a certificate that the exporter does not take."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from nundb_exporter.client.dial import Dialer
from nundb_exporter.client.tls import check_tls
from nundb_exporter.config.settings import Tls, parse_endpoint
from nundb_exporter.errors import ConfigError, Reason, TargetError


async def failure(directory: Path, authority: trustme.CA, certificate: trustme.LeafCert) -> str:
    """Return why the connection to a server with that certificate fails, if only `authority` is trusted."""
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        node = Dialer(parse_endpoint("NUN_URL", f"https://127.0.0.1:{port}"), Tls(ca_file=str(directory / "ca.pem")))
        with pytest.raises(TargetError) as caught:
            await node.open(asyncio.Protocol, asyncio.get_running_loop().time() + 20)
    assert caught.value.reason is Reason.CONNECT
    return caught.value.detail.removeprefix(f"127.0.0.1:{port}: ")


async def test_a_certificate_for_another_name_is_told_with_the_setting_to_change(tmp_path: Path) -> None:
    """OpenSSL's own text ends with a full stop, ours go on."""
    authority = trustme.CA()
    told = await failure(tmp_path, authority, authority.issue_cert("other.example"))
    assert told.startswith("TLS: IP address mismatch, certificate is not valid for '127.0.0.1': use a name that it has")
    assert "--nundb.tls.server-name" in told


@pytest.mark.parametrize(("year", "words"), [(2020, "has expired"), (2040, "is not yet valid")])
async def test_a_certificate_of_another_time_is_told_with_both_causes(tmp_path: Path, year: int, words: str) -> None:
    """It may be the certificate or our own clock."""
    authority = trustme.CA()
    begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    told = await failure(tmp_path, authority, authority.issue_cert("127.0.0.1", not_before=begin, not_after=end))
    assert told == f"TLS: certificate {words}: renew the certificate, or look at the clock of the exporter's machine"


@pytest.mark.parametrize("is_apart", [True, False])
def test_an_encrypted_key_is_refused_and_no_passphrase_is_waited_for(tmp_path: Path, *, is_apart: bool) -> None:
    """OpenSSL would ask at the terminal, and an exporter that reads its settings again would answer no scrape."""
    certificate = trustme.CA().issue_cert("nun")
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"passphrase"),
    )
    (tmp_path / "key.pem").write_bytes(encrypted)
    (tmp_path / "cert.pem").write_bytes(certificate.cert_chain_pems[0].bytes() + (b"" if is_apart else encrypted))
    tls = Tls(cert_file=str(tmp_path / "cert.pem"), key_file=str(tmp_path / "key.pem") if is_apart else None)
    name = "key" if is_apart else "cert"
    told = rf"--nundb\.tls\.{name}-file: the key in .*{name}\.pem is encrypted, .*; name a key without one"
    with pytest.raises(ConfigError, match=told):
        check_tls(tls)


async def test_an_unknown_authority_is_told_with_the_setting_that_names_it(tmp_path: Path) -> None:
    """Nodes often have a certificate of the house's own authority."""
    told = await failure(tmp_path, trustme.CA(), trustme.CA().issue_cert("127.0.0.1"))
    assert told.startswith("TLS: ")
    assert told.endswith("name that one with --nundb.tls.ca-file")
