"""Certificates, and nodes of every transport."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from nundb_exporter.config.settings import Tls
from tests.wire.scripted import SCHEMES, SECURE, Behaviour, ScriptedNode


@dataclass(frozen=True)
class Certificates:
    """What a node with TLS and its clients need."""

    authority: trustme.CA
    server: ssl.SSLContext
    """Of a node whose certificate is for 127.0.0.1, localhost and ::1."""
    trusting: Tls
    """Of a client that trusts the authority."""


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return a certificate authority and what it has signed."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", "localhost", "::1").configure_cert(server)
    return Certificates(authority, server, Tls(ca_file=str(folder / "ca.pem")))


@pytest.fixture(params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> str:
    """Return a transport's scheme: the test is run over each."""
    chosen: str = request.param
    return chosen


@dataclass(frozen=True)
class Nodes:
    """Makes nodes of one transport, and the TLS settings that reach them."""

    scheme: str
    tls: Tls
    _context: ssl.SSLContext | None

    def __call__(self, behaviour: Behaviour) -> ScriptedNode:
        """Return a node that is not started yet."""
        return ScriptedNode(behaviour, self.scheme, tls=self._context)


@pytest.fixture
def nodes(scheme: str, certificates: Certificates) -> Nodes:
    """Return a maker of nodes of the transport under test."""
    return nodes_of(scheme, certificates)


def nodes_of(scheme: str, certificates: Certificates) -> Nodes:
    """Return a maker of nodes of that transport."""
    is_secure = scheme in SECURE
    return Nodes(scheme, certificates.trusting if is_secure else Tls(), certificates.server if is_secure else None)


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[[str, str], str]:
    """Return a function that writes a file and returns its path."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write
