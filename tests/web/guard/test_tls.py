"""TLS as the web configuration file asks for it; Python's and OpenSSL's own clients and curl are the judges."""

import asyncio
import shutil
import ssl
import warnings

import pytest
import trustme

from nundb_exporter.errors import ConfigError
from nundb_exporter.web.guard import Configuration
from tests.programs import needed
from tests.wire.waiting import PATIENCE_SECONDS

from .guarding import TLS, Folder, Guarded, guarding

VERIFYING = f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n"


async def run(*command: str) -> tuple[int | None, str]:
    """Run a program without input, and return its exit code and what it says."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        output, _ = await process.communicate()
    return process.returncode, output.decode(errors="replace")


async def agreed(server: Guarded, tls: ssl.SSLContext) -> str:
    """Return the cipher that a client and the server agree upon; empty if they do not."""
    try:
        found = (await server.handshake(tls)).cipher()
    except (ssl.SSLError, OSError):
        return ""
    assert found
    return found[0]


async def is_served(server: Guarded, tls: ssl.SSLContext) -> bool:
    """Whether this client gets an answer."""
    return bool(await agreed(server, tls))


async def test_curl_is_served_and_plain_http_is_not(folder: Folder) -> None:
    """HTTP/2 is offered by the client, and not taken."""
    curl = needed("curl")
    async with guarding(folder.write(TLS)) as server:
        code, output = await run(curl, "-sSv", "--http2", "--cacert", str(folder.path / "ca.pem"), server.url)
        assert code == 0
        assert "HTTP/1.1 200 OK" in output
        code, _ = await run(curl, "-sS", server.url.replace("https", "http"))
        assert code != 0


async def test_a_certificate_and_its_key_may_stand_in_the_file(folder: Folder) -> None:
    """So may the authority of clients."""

    def inline(name: str) -> str:
        return "".join(f"    {line}\n" for line in (folder.path / name).read_text().splitlines())

    text = (
        f"tls_server_config:\n  cert: |\n{inline('server.crt')}  key: |\n{inline('server.key')}"
        f"  client_ca: |\n{inline('ca.pem')}  client_auth_type: RequireAndVerifyClientCert\n"
    )
    async with guarding(folder.write(text)) as server:
        assert await is_served(server, folder.trusting(folder.client("prometheus")))
        assert not await is_served(server, folder.trusting())


@pytest.mark.parametrize(
    ("lines", "served"),
    [
        ("", {"TLSv1.2", "TLSv1.3"}),
        ("  min_version: TLS13\n", {"TLSv1.3"}),
        ("  max_version: TLS12\n", {"TLSv1.2"}),
        ("  min_version: TLS10\n  max_version: TLS11\n", {"TLSv1", "TLSv1.1"}),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", {"TLSv1.3"}),
    ],
)
async def test_only_the_versions_that_are_allowed_are_spoken(lines: str, served: set[str], folder: Folder) -> None:
    """By OpenSSL's client; without a choice those from 1.2 on, as with the toolkit."""
    openssl = needed("openssl")
    found = set()
    async with guarding(folder.write(TLS + lines)) as server:
        for flag, version in (
            ("-tls1", "TLSv1"),
            ("-tls1_1", "TLSv1.1"),
            ("-tls1_2", "TLSv1.2"),
            ("-tls1_3", "TLSv1.3"),
        ):
            address = f"127.0.0.1:{server.port}"
            code, output = await run(openssl, "s_client", "-connect", address, flag, "-cipher", "ALL:@SECLEVEL=0")
            if code == 0:
                assert f"New, {version}" in output or f"Protocol  : {version}" in output, output
                found.add(version)
    assert found == served


RSA = ("TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256")
FIRST = ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384")
SECOND = ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256")


@pytest.mark.parametrize(
    ("lines", "offered", "taken"),
    [
        ("", (SECOND[1], FIRST[1]), FIRST[1]),
        (f"  cipher_suites: [{SECOND[0]}, {FIRST[0]}]\n", (FIRST[1], SECOND[1]), SECOND[1]),
        (f"  cipher_suites: [{FIRST[0]}, {SECOND[0]}]\n", (SECOND[1], FIRST[1]), FIRST[1]),
        (
            f"  cipher_suites: [{FIRST[0]}, {SECOND[0]}]\n  prefer_server_cipher_suites: false\n",
            (SECOND[1], FIRST[1]),
            SECOND[1],
        ),
        (f"  cipher_suites: [{FIRST[0]}]\n", (SECOND[1],), ""),
        (f"  cipher_suites: [{RSA[0]}]\n", (RSA[1],), RSA[1]),
    ],
)
async def test_cipher_suites_are_chosen_by_their_go_names(
    lines: str, offered: tuple[str, ...], taken: str, folder: Folder
) -> None:
    """Up to TLS 1.2; in the server's order, or in the client's if that is preferred."""
    certificate = folder.authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    certificate.private_key_pem.write_to_path(str(folder.path / "server.key"))
    certificate.cert_chain_pems[0].write_to_path(str(folder.path / "server.crt"))
    client = folder.trusting()
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(":".join(offered))
    async with guarding(folder.write(f"{TLS}{lines}")) as server:
        assert await agreed(server, client) == taken


@pytest.mark.parametrize(("curve", "is_spoken"), [("secp521r1", True), ("secp384r1", False)])
async def test_a_curve_that_is_chosen_is_the_only_one(curve: str, is_spoken: bool, folder: Folder) -> None:
    """A client without it gets no connection."""
    client = folder.trusting()
    client.set_ecdh_curve(curve)
    async with guarding(folder.write(f"{TLS}  min_version: TLS13\n  curve_preferences: [CurveP521]\n")) as server:
        assert await is_served(server, client) is is_spoken


async def test_of_several_curves_each_is_spoken(folder: Folder) -> None:
    """Whatever their order."""
    curves = "[CurveP256, CurveP384, CurveP521, X25519]"
    async with guarding(folder.write(f"{TLS}  curve_preferences: {curves}\n")) as server:
        for curve in ("prime256v1", "secp384r1", "secp521r1", "X25519"):
            client = folder.trusting()
            client.set_ecdh_curve(curve)
            assert await is_served(server, client), curve


@pytest.mark.parametrize(
    ("policy", "without", "unknown", "known"),
    [
        ("NoClientCert", True, True, True),
        ("RequestClientCert", True, True, True),
        ("VerifyClientCertIfGiven", True, False, True),
        ("RequireAndVerifyClientCert", False, False, True),
    ],
)
async def test_policies_for_clients(policy: str, without: bool, unknown: bool, known: bool, folder: Folder) -> None:
    """A client without a certificate, with one of an authority that is not known, and with one that is."""
    authority = "" if policy == "NoClientCert" else "  client_ca_file: ca.pem\n"
    async with guarding(folder.write(f"{TLS}  client_auth_type: {policy}\n{authority}")) as server:
        assert await is_served(server, folder.trusting()) is without
        stranger = folder.trusting(folder.client("prometheus", authority=trustme.CA()))
        assert await is_served(server, stranger) is unknown
        assert await is_served(server, folder.trusting(folder.client("prometheus"))) is known


@pytest.mark.parametrize(
    ("names", "is_allowed"),
    [
        (("other", "prometheus.example.com"), True),
        (("10.0.0.1",), True),
        (("2001:db8::1",), True),
        (("ops@example.com",), True),
        (("prometheus.example.org",), False),
        (("sub.prometheus.example.com",), False),
        (("10.0.0.2",), False),
    ],
)
async def test_of_verified_clients_only_allowed_names_are_served(
    names: tuple[str, ...], is_allowed: bool, folder: Folder
) -> None:
    """An exact name, address or mail address."""
    allowed = "[prometheus.example.com, 10.0.0.1, '2001:db8::1', ops@example.com]"
    async with guarding(folder.write(f"{VERIFYING}  client_allowed_sans: {allowed}\n")) as server:
        assert await is_served(server, folder.trusting(folder.client(*names))) is is_allowed


async def test_a_client_without_a_certificate_has_no_allowed_name(folder: Folder) -> None:
    """Even where a certificate is checked only if there is one."""
    text = f"{TLS}  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.pem\n  client_allowed_sans: [a]\n"
    async with guarding(folder.write(text)) as server:
        assert not await is_served(server, folder.trusting())
        assert await is_served(server, folder.trusting(folder.client("a")))


async def test_clients_certificates_themselves_may_be_what_is_trusted(folder: Folder) -> None:
    """In place of RequireAnyClientCert, where they have signed themselves or their authority signs for others too."""
    authority = trustme.CA()
    issued = folder.trusting(folder.client("prometheus", authority=authority))
    known = (folder.path / "client.pem").read_text()
    key, certificate = str(folder.path / "own.key"), str(folder.path / "own.pem")
    options = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj", "/CN=prometheus")
    code, output = await run(needed("openssl"), "req", *options, "-keyout", key, "-out", certificate)
    assert code == 0, output
    (folder.path / "clients.pem").write_text(known + (folder.path / "own.pem").read_text())
    text = f"{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n"
    async with guarding(folder.write(text)) as server:
        assert await is_served(server, issued)
        assert await is_served(server, folder.trusting((certificate, key)))
        assert not await is_served(server, folder.trusting(folder.client("prometheus", authority=authority)))


@pytest.mark.parametrize("policy", ["RequireAnyClientCert", "RequireClientCert"])
def test_certificates_that_nobody_verifies_are_not_required(policy: str, folder: Folder) -> None:
    """Python's TLS cannot: a server that let everybody in would be worse than one that does not start."""
    with pytest.raises(ConfigError, match=r"web\.yml:4: client_auth_type: RequireAnyClientCert asks for cert") as told:
        Configuration(folder.write(f"{TLS}  client_auth_type: {policy}\n"))
    assert "the clients' own" in str(told.value)


def test_names_of_clients_are_not_read_from_certificates_that_nobody_verifies(folder: Folder) -> None:
    """Likewise."""
    with pytest.raises(ConfigError, match=r"web\.yml:4: client_auth_type: RequestClientCert asks for certificates"):
        Configuration(folder.write(f"{TLS}  client_auth_type: RequestClientCert\n  client_allowed_sans: [a]\n"))


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("server.crt", None, "web.yml:2: cert_file: cannot read"),
        ("server.key", None, "web.yml:3: key_file: cannot read"),
        ("server.crt", b"", "web.yml:2: cert_file: holds no certificate"),
        ("server.key", b"", "web.yml:3: key_file: holds no key"),
        (
            "server.crt",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "web.yml:2: cert_file: cannot be",
        ),
        (
            "server.key",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "web.yml:2: cert_file: cannot be",
        ),
        ("ca.pem", b"nothing", "web.yml:5: client_ca_file: holds no certificate of an authority"),
    ],
)
def test_files_that_cannot_be_used_are_told(name: str, content: bytes | None, problem: str, folder: Folder) -> None:
    """With the line that names them."""
    path = folder.path / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Configuration(folder.write(VERIFYING))
    assert problem in str(caught.value)


def test_a_key_of_another_certificate_is_told(folder: Folder) -> None:
    """The certificate was renewed, the key was not."""
    shutil.copy(folder.path / "server.key", folder.path / "old.key")
    folder.renew()
    with pytest.raises(ConfigError, match=r"web\.yml:3: key_file: does not belong to the certificate"):
        Configuration(folder.write(TLS.replace("server.key", "old.key")))


async def test_a_key_with_a_passphrase_is_told(folder: Folder) -> None:
    """Nobody is asked to type one."""
    key, plain = folder.path / "server.key", folder.path / "plain.key"
    key.rename(plain)
    options = ("-aes256", "-passout", "pass:x", "-in", str(plain), "-out", str(key))
    code, output = await run(needed("openssl"), "pkey", *options)
    assert code == 0, output
    with pytest.raises(ConfigError, match=r"web\.yml:3: key_file: is encrypted"):
        Configuration(folder.write(TLS))


def test_old_versions_are_no_warnings_of_python(folder: Folder) -> None:
    """The file asks for them."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Configuration(folder.write(f"{TLS}  min_version: TLS10\n"))
