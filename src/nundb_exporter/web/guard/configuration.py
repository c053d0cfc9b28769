"""The web configuration file as it is now: it and the files that it names are read again when they have changed."""

import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from nundb_exporter.config.web_file import CLIENT_AUTH_TYPES, NO_CLIENT_CERT, ServerTls, WebFile, parse_web_file
from nundb_exporter.credentials import without_editor_marks
from nundb_exporter.errors import ConfigError
from nundb_exporter.secret_files import file_state, read_text, read_text_again
from nundb_exporter.web.guard.tls import Pem, server_context

_LOGGER: Final = logging.getLogger(__name__)
_FLAG: Final = "--web.config.file"


class _Loaded(NamedTuple):
    text: str
    pem: Pem | None
    file: WebFile
    context: ssl.SSLContext | None


class Configuration:
    """What the file asks for. If it, or a file that it names, is wrong or just being written, the last good one stays.

    Raises:
        ConfigError: it cannot be used at the start.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._watched: tuple[str, ...] = (path,)
        """The file, and those that it named when it was read last."""
        self._versions: tuple[object, ...] = ()
        self._are_settled = False
        self._problem = ""
        self._loaded = self._read(None)
        self._has_changed()  # a change meanwhile shows: a file that was changed so recently is read at every use
        _tell(path, self._loaded.file)

    @property
    def file(self) -> WebFile:
        """What the file says now."""
        self._refresh()
        return self._loaded.file

    def context(self) -> ssl.SSLContext:
        """Return the TLS context for a new connection; only where `is_tls`."""
        self._refresh()
        assert self._loaded.context is not None  # noqa: S101 - see is_tls
        return self._loaded.context

    @property
    def is_tls(self) -> bool:
        """Whether TLS is spoken; this does not change."""
        return self._loaded.context is not None

    def _refresh(self) -> None:
        """Read again what may have changed. Whether it has takes some microseconds to tell."""
        if not self._has_changed():
            return
        problem = ""
        try:
            loaded = self._read(self._loaded)
        except ConfigError as error:
            problem = str(error)
        else:
            if loaded is not self._loaded:
                self._loaded = loaded
                _LOGGER.info("%s has changed: it is in use now", self._path)
        if problem and problem != self._problem:
            _LOGGER.warning("%s. What was read last stays in use", problem)
        self._problem = problem

    def _has_changed(self) -> bool:
        states = [file_state(path) for path in self._watched]
        versions, was_settled = tuple(version for version, _ in states), self._are_settled
        self._are_settled = all(is_settled for _, is_settled in states)
        if was_settled and versions == self._versions:
            return False
        self._versions = versions
        return True

    def _read(self, last: _Loaded | None) -> _Loaded:
        """Read everything; what has the same content as the last time is the last itself."""
        read = read_text if last is None else read_text_again
        text = without_editor_marks(read(_FLAG, self._path))
        same = last is not None and last.text == text
        file = last.file if last is not None and same else parse_web_file(self._path, text, Path(self._path).parent)
        tls = file.tls
        if tls is not None:
            self._watched = (self._path, *filter(None, (tls.cert_file, tls.key_file, tls.client_ca_file)))
        if last is not None:
            self._check_still_protected(last.file, file)
        pem = self._pem(tls, read) if tls is not None else None
        if last is not None and same and pem == last.pem:
            return last
        context = server_context(self._path, tls, pem) if tls is not None and pem is not None else None
        return _Loaded(text, pem, file, context)

    def _pem(self, tls: ServerTls, read: Callable[[str, str], str]) -> Pem:
        def content(key: str, text: str, path: str) -> bytes:
            setting = f"{self._path}:{tls.lines.get(f'{key}_file', 1)}: {key}_file"
            return read(setting, path).encode() if path else text.encode()

        return Pem(
            content("cert", tls.cert, tls.cert_file),
            content("key", tls.key.reveal() if tls.key else "", tls.key_file),
            content("client_ca", tls.client_ca, tls.client_ca_file),
        )

    def _check_still_protected(self, last: WebFile, new: WebFile) -> None:
        """Refuse a file that protects less: half of a file that is just being written may look like that.

        Raises:
            ConfigError: TLS, users or the check of clients' certificates are gone, or TLS has come.
        """
        gone = [
            name
            for name, is_gone in (
                ("basic_auth_users", last.users and not new.users),
                ("client_auth_type", _strength(last.tls) > _strength(new.tls)),
                ("client_allowed_sans", last.tls and last.tls.client_allowed_sans and not _names(new.tls)),
            )
            if is_gone
        ]
        if (last.tls is None) is not (new.tls is None):
            gone.insert(0, "tls_server_config")
        if gone:
            problem = f"{gone[0]} has come or gone since the start"
            raise ConfigError(self._path, problem, "restart the exporter if that is meant")


def _strength(tls: ServerTls | None) -> int:
    return CLIENT_AUTH_TYPES.index(tls.client_auth_type if tls else NO_CLIENT_CERT)


def _names(tls: ServerTls | None) -> frozenset[str]:
    return tls.client_allowed_sans if tls else frozenset()


def _tell(path: str, file: WebFile) -> None:
    """Log what a reader of the file may not expect."""
    if file.is_http2_wanted:
        _LOGGER.info("%s: http2 is not spoken here; clients use HTTP/1.1", path)
    tls = file.tls
    if tls and tls.client_allowed_sans and tls.client_auth_type == NO_CLIENT_CERT:
        text = "%s: client_allowed_sans does nothing without a client_auth_type that asks for a certificate"
        _LOGGER.warning(text, path)
    is_verifying = _strength(tls) >= CLIENT_AUTH_TYPES.index("VerifyClientCertIfGiven")
    if tls and is_verifying and not tls.client_ca and not tls.client_ca_file:
        text = "%s: without client_ca_file, certificates of every authority that this system trusts are accepted"
        _LOGGER.warning(text, path)
    if file.rate_limit and not file.rate_limit.burst:
        _LOGGER.warning("%s: with a burst of 0, rate_limit refuses every request", path)
