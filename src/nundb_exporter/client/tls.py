"""TLS: the context of a client, and what its errors mean."""

import os
import ssl
from functools import lru_cache, partial
from typing import Final

from nundb_exporter.config.settings import Endpoint, Tls
from nundb_exporter.errors import ConfigError
from nundb_exporter.secret_files import check_readable
from nundb_exporter.system_errors import cause_of


def client_context(endpoint: Endpoint, tls: Tls) -> ssl.SSLContext | None:
    """Return the TLS context for the endpoint, or None if it does not use TLS; a new one when a file has changed.

    Raises:
        ConfigError: a file cannot be read or is not PEM.
    """
    if not endpoint.is_secure:
        return None
    return _current_context(tls)


def check_tls(tls: Tls) -> None:
    """Look whether the files of the settings can be used.

    Raises:
        ConfigError: one cannot be read or is not PEM.
    """
    _current_context(tls)


def _current_context(tls: Tls) -> ssl.SSLContext:
    return _context(tls, tuple(_version(path) for path in (tls.ca_file, tls.cert_file, tls.key_file) if path))


def _version(path: str) -> tuple[int, ...]:
    """Return what differs between two contents of a file; empty where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - as fast as it gets: once for each connection
    except (OSError, ValueError):
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


# Loading all CA certificates takes longer than a scrape, and each scrape may probe the transports.
@lru_cache(maxsize=8)
def _context(tls: Tls, _: tuple[tuple[int, ...], ...]) -> ssl.SSLContext:
    for name, path in (("ca", tls.ca_file), ("cert", tls.cert_file), ("key", tls.key_file)):
        if path:
            check_readable(f"--nundb.tls.{name}-file", path)
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
    except ssl.SSLError:
        problem = f"{tls.ca_file} cannot be read as PEM"
        raise ConfigError("--nundb.tls.ca-file", problem, "name a file of CA certificates") from None
    except OSError as error:  # Python opens it by itself
        problem = f"names a file that cannot be written ({cause_of(error)})"
        raise ConfigError(
            "SSLKEYLOGFILE", problem, "unset the variable: whoever has that file can read all of TLS"
        ) from None
    if tls.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.cert_file:
        try:
            context.load_cert_chain(tls.cert_file, tls.key_file, password=partial(_refuse_passphrase, tls))
        except (OSError, ssl.SSLError):
            problem = f"{tls.cert_file} cannot be read with its key"
            cure = "name a certificate and its key, both PEM"
            raise ConfigError("--nundb.tls.cert-file", problem, cure) from None
    return context


def _refuse_passphrase(tls: Tls) -> str:
    """Stand in for OpenSSL's own question: it would wait at the terminal for an answer, and scrapes with it."""
    setting, path = ("key", tls.key_file) if tls.key_file else ("cert", tls.cert_file)
    problem = f"the key in {path} is encrypted, and nobody is here to type the passphrase"
    raise ConfigError(f"--nundb.tls.{setting}-file", problem, "name a key without one")


def cause_of_tls(error: ssl.SSLError) -> str:
    """Return what went wrong in TLS, never an empty text."""
    if isinstance(error, ssl.SSLCertVerificationError):
        told = (error.verify_message or "the certificate is not valid").rstrip(".")
        return f"{told}: {_CURES.get(error.verify_code, 'look at the certificate of the node')}"
    reason = error.reason or ""
    if "ALERT" in reason:
        # Such as TLSV13_ALERT_CERTIFICATE_REQUIRED: the other end has refused, and says why.
        return f"refused by the other end ({reason.partition('ALERT_')[2].replace('_', ' ').lower()})"
    return _MEANINGS.get(reason) or reason.replace("_", " ").lower() or "the handshake failed"


_UNTRUSTED: Final = "if the node's own authority has signed it, name that one with --nundb.tls.ca-file"
_OTHER_NAME: Final = "use a name that it has in the address, or say which to expect with --nundb.tls.server-name"
_OTHER_TIME: Final = "renew the certificate, or look at the clock of the exporter's machine"
_CURES: Final = {
    9: _OTHER_TIME,  # not yet valid
    10: _OTHER_TIME,  # expired
    18: _UNTRUSTED,  # signed by itself
    19: _UNTRUSTED,  # an authority that nobody here knows
    20: _UNTRUSTED,  # the issuer is not here
    21: _UNTRUSTED,  # the issuer is not in the chain
    62: _OTHER_NAME,
    64: _OTHER_NAME,  # an IP address
}
"""What to do about a certificate, by OpenSSL's number of what is wrong with it (X509_V_ERR)."""
_MEANINGS: Final = {
    "TLSV1_UNRECOGNIZED_NAME": "refused by the other end (it does not know this name)",
    "WRONG_VERSION_NUMBER": "the other end does not speak TLS",
    "UNEXPECTED_EOF_WHILE_READING": "closed in the middle of the handshake",
}
