"""The TLS of the exporter's own server, from what the web configuration file says and the files that it names."""

import contextlib
import ipaddress
import os
import re
import ssl
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from nundb_exporter.config.go_names import CIPHER_SUITES, CURVES, TLS_VERSIONS
from nundb_exporter.config.web_file import ServerTls
from nundb_exporter.errors import ConfigError

_CERTIFICATE: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_VERIFY_MODES: Final = {
    "NoClientCert": ssl.CERT_NONE,
    # A certificate that is neither needed nor verified is asked for in vain: whoever is let in is let in without.
    "RequestClientCert": ssl.CERT_NONE,
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    "RequireAndVerifyClientCert": ssl.CERT_REQUIRED,
}
_SECURE: Final = "TLS12"
_WITHOUT_LEVEL: Final = "@SECLEVEL=0"
"""OpenSSL speaks TLS 1.0 and 1.1 only where it is asked to accept what is weak."""


@dataclass(frozen=True, slots=True)
class Pem:
    """What the files hold."""

    cert: bytes
    key: bytes = field(repr=False)
    client_ca: bytes = b""


class _Context(ssl.SSLContext):
    """A context that also looks at the names in the certificate of a client."""

    allowed_names: frozenset[str] = frozenset()


class _Connection(ssl.SSLObject):
    """A connection whose handshake fails if no name of the client is allowed."""

    def do_handshake(self) -> None:
        super().do_handshake()
        allowed = self.context.allowed_names if isinstance(self.context, _Context) else frozenset()
        if allowed.isdisjoint(_names(self.getpeercert() or {})):
            raise ssl.SSLError("no name in the client's certificate is allowed")


def server_context(name: str, tls: ServerTls, pem: Pem) -> ssl.SSLContext:
    """Return the context for new connections; `name` is that of the web configuration file.

    Raises:
        ConfigError: a file holds no certificate, or the key does not belong to it, or Python cannot do what is asked.
    """
    context = _Context(ssl.PROTOCOL_TLS_SERVER)
    wrong = _Wrong(name, tls)
    is_by_name = bool(tls.client_allowed_sans) and tls.client_auth_type == "RequestClientCert"
    if tls.client_auth_type not in _VERIFY_MODES or is_by_name:
        problem = f"{tls.client_auth_type} asks for certificates that nobody verifies, which Python's TLS cannot"
        cure = (
            "write RequireAndVerifyClientCert, with a client_ca_file of the authority's certificate or the clients' own"
        )
        raise wrong.at("client_auth_type", problem, cure)
    _load_certificate(context, pem, wrong)
    context.verify_mode = _VERIFY_MODES[tls.client_auth_type]
    if context.verify_mode is not ssl.CERT_NONE:
        _load_authorities(context, pem, wrong)
        if tls.client_allowed_sans:
            context.allowed_names = tls.client_allowed_sans
            context.sslobject_class = _Connection
    try:
        _choose_versions(context, tls)
        if tls.curve_preferences:
            _choose_curves(context, tls.curve_preferences)
    except (ssl.SSLError, ValueError) as error:
        problem = f"OpenSSL here does not speak what is chosen ({error})"
        raise wrong.at("cert", problem, "correct min_version, cipher_suites or curve_preferences") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


class _Wrong:
    """Makes errors that say where in the file."""

    def __init__(self, name: str, tls: ServerTls) -> None:
        self._name = name
        self._lines = tls.lines

    def at(self, key: str, problem: str, cure: str) -> ConfigError:
        """Return an error at a key, or at the one that names a file instead of it."""
        key = key if key in self._lines else f"{key}_file"
        return ConfigError(f"{self._name}:{self._lines.get(key, 1)}", f"{key}: {problem}", cure)


def _load_certificate(context: ssl.SSLContext, pem: Pem, wrong: _Wrong) -> None:
    if not _CERTIFICATE.search(pem.cert):
        raise wrong.at("cert", "holds no certificate", "name a file in PEM, that begins with -----BEGIN CERTIFICATE")
    if b"PRIVATE KEY-----" not in pem.key:
        raise wrong.at("key", "holds no key", "name a file in PEM, that begins with -----BEGIN PRIVATE KEY")
    refused = wrong.at("key", "is encrypted, and nobody is here to type the passphrase", "name a key without one")

    def refuse() -> str:
        raise refused

    try:
        with _file_with(pem.key + b"\n" + pem.cert) as path:
            context.load_cert_chain(path, password=refuse)
    except ssl.SSLError as error:
        reason = error.reason or ""
        if reason == "KEY_VALUES_MISMATCH":
            raise wrong.at("key", "does not belong to the certificate", "name the key of this certificate") from None
        told = reason.replace("_", " ").lower() or "not valid"
        raise wrong.at("cert", f"cannot be used with its key ({told})", "name a certificate and its key") from None


def _load_authorities(context: ssl.SSLContext, pem: Pem, wrong: _Wrong) -> None:
    if not pem.client_ca:  # as Go does
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        return
    found = b"\n".join(_CERTIFICATE.findall(pem.client_ca))
    try:
        context.load_verify_locations(cadata=found.decode("ascii"))
    except (ssl.SSLError, ValueError):
        raise wrong.at("client_ca", "holds no certificate of an authority", "name a file of them, in PEM") from None
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # an authority may have been signed by another, as in Go


def _choose_versions(context: ssl.SSLContext, tls: ServerTls) -> None:
    suites = [CIPHER_SUITES[name] for name in tls.cipher_suites if name in CIPHER_SUITES]
    is_only_newest = bool(tls.cipher_suites) and not suites
    with warnings.catch_warnings():  # that versions before 1.2 are deprecated; the file asks for them
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = _version("TLS13" if is_only_newest else tls.min_version)
        context.maximum_version = _version(tls.max_version)
    if tls.min_version < _SECURE:
        context.set_ciphers(":".join([*(suites or CIPHER_SUITES.values()), _WITHOUT_LEVEL]))
    elif suites:
        context.set_ciphers(":".join(suites))
    if not tls.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE


def _version(name: str) -> ssl.TLSVersion:
    return ssl.TLSVersion[TLS_VERSIONS[name]]


def _choose_curves(context: ssl.SSLContext, names: tuple[str, ...]) -> None:
    """Allow the curves that are named, as far as this Python can: before 3.15 it can allow one, or leave the choice.

    All four are safe, so the choice of OpenSSL is no weaker; a client that has only one of them is answered.
    """
    curves = [CURVES[name] for name in names]
    set_groups = getattr(context, "set_groups", None)
    if set_groups is not None:
        set_groups(":".join(curves))
    elif len(curves) == 1:
        context.set_ecdh_curve(curves[0])


@contextlib.contextmanager
def _file_with(content: bytes) -> Iterator[str]:
    """Yield the name of a file that this process alone has: Python's TLS reads certificates from nothing else.

    It is on no disk where the system knows such files.
    """
    with contextlib.ExitStack() as stack:
        if hasattr(os, "memfd_create"):
            file = stack.enter_context(os.fdopen(os.memfd_create("pem"), "wb", buffering=0))
        else:
            file = stack.enter_context(tempfile.TemporaryFile(buffering=0))
        file.write(content)
        file.seek(0)
        yield f"/dev/fd/{file.fileno()}"


def _names(certificate: dict[str, Any]) -> set[str]:
    """Return the names of a certificate, addresses as Go writes them."""
    names = set()
    for kind, value in certificate.get("subjectAltName", ()):
        name = str(value).strip()
        names.add(str(ipaddress.ip_address(name)) if kind == "IP Address" else name)
    return names
