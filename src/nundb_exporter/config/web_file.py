"""The web configuration file, in the format of Prometheus' exporter-toolkit: TLS, users, headers, a rate limit.

Its documentation is docs/web-configuration.md of github.com/prometheus/exporter-toolkit, and where that is silent, its
web/tls_config.go and web/handler.go. A file that another exporter reads is read here too. Imported when there is one.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

import yaml

from nundb_exporter.config import go_names
from nundb_exporter.config.spelling import cure
from nundb_exporter.config.yaml_text import Fault, NotYamlError, line_at, read_document, refusal
from nundb_exporter.credentials import Secret

NO_CLIENT_CERT: Final = "NoClientCert"
CLIENT_AUTH_TYPES: Final = (
    NO_CLIENT_CERT,
    "RequestClientCert",
    "RequireAnyClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
)
"""The weakest first."""
_OLD_CLIENT_AUTH_TYPES: Final = {"": NO_CLIENT_CERT, "RequireClientCert": "RequireAnyClientCert"}
_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
"""The headers that may be set, and the values that they may have; none means any."""
_NULL: Final = "tag:yaml.org,2002:null"
_TRUTHS: Final = {
    **dict.fromkeys(("true", "yes", "on", "y"), True),
    **dict.fromkeys(("false", "no", "off", "n"), False),
}
_HASH: Final = re.compile(r"\$2[abxy]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
"""A hash of bcrypt: its version, its cost from 4 to 31, its salt and the rest."""


@dataclass(frozen=True, slots=True)
class ServerTls:
    """How the exporter speaks TLS; texts that are not set are empty."""

    cert: str = ""
    cert_file: str = ""
    key: Secret | None = None
    key_file: str = ""
    client_auth_type: str = NO_CLIENT_CERT
    client_ca: str = ""
    client_ca_file: str = ""
    client_allowed_sans: frozenset[str] = frozenset()
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    curve_preferences: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    lines: Mapping[str, int] = field(default_factory=dict, compare=False, repr=False)
    """Where each key stands in the file, for errors that only show when it is used."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests at once, and one more after each interval."""

    interval_seconds: float
    burst: int


@dataclass(frozen=True, slots=True)
class WebFile:
    """The whole file."""

    tls: ServerTls | None = None
    users: Mapping[str, Secret] = field(default_factory=dict)
    """The hashes of their passwords, by name."""
    headers: Mapping[str, str] = field(default_factory=dict)
    rate_limit: RateLimit | None = None
    is_http2_wanted: bool = False
    """Whether the file itself asks for it; it is the default, and not spoken here."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A value, and the key before it. What is wrong with it is noted, and something takes its place until the end."""

    key: str
    line: int
    node: yaml.Node
    faults: list[Fault]

    def wrong(self, problem: str, cure: str) -> None:
        """Note what is wrong with it, and what to do."""
        self.faults.append(Fault(self.line, f"{self.key or 'the file'} {problem}", cure))

    def text(self) -> str:
        """Return a text: numbers and the like are taken as they are written, as Go does."""
        if not isinstance(self.node, yaml.ScalarNode):
            self.wrong("must be text", "write it in quotes")
            return ""
        return "" if self.node.tag == _NULL else str(self.node.value)

    def truth(self) -> bool:
        """Return whether it is true."""
        found = _TRUTHS.get(self.text().lower())
        if found is None:
            self.wrong("must be true or false", "write one of them")
        return bool(found)

    def items(self) -> Iterator["_Value"]:
        """Yield the values of a list."""
        if isinstance(self.node, yaml.SequenceNode):
            for item in self.node.value:
                yield _Value(self.key, line_at(item.start_mark), item, self.faults)
        elif not self.is_nothing:
            self.wrong("must be a list", "write each of its values on a line of its own, after `- `")

    def one_of(self, known: Collection[str]) -> str:
        """Return a text that is one of those known."""
        text = self.text()
        if text not in known:
            self.wrong(f"cannot be {text}", cure(text, known, "known here:"))
        return text

    def section(self, known: Collection[str] | None = None) -> dict[str, "_Value"]:
        """Return the values of a section by their keys; None means that any key is known."""
        if not isinstance(self.node, yaml.MappingNode):
            if not self.is_nothing:
                self.wrong("must be a section of keys, each with its value", "correct it")
            return {}
        found = {}
        for key, value in self.node.value:
            name, line = str(key.value), line_at(key.start_mark)
            if known is not None and name not in known:
                self.faults.append(Fault(line, f"unknown key {name}", cure(name, known, "known here:")))
                continue
            found[name] = _Value(name, line, value, self.faults)
        return found

    @property
    def is_nothing(self) -> bool:
        """Whether nothing stands behind the key."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.tag == _NULL


def parse_web_file(name: str, text: str, directory: PurePath) -> WebFile:
    """Read the text of the file that has this name; names of files in it are relative to `directory`.

    Raises:
        ConfigFileError: not YAML, unknown keys, values that cannot be: all of them, in the order of their lines.
    """
    faults: list[Fault] = []
    found = WebFile()
    try:
        document = read_document(text)
    except NotYamlError as error:
        faults.append(Fault(error.line, str(error)))
    else:
        faults += document.twins
        if document.root is not None:
            found = _web_file(_Value("", line_at(document.root.start_mark), document.root, faults), directory)
    if faults:
        raise refusal(name, faults)
    return found


def _web_file(root: _Value, directory: PurePath) -> WebFile:
    sections = root.section(("tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"))
    http = sections["http_server_config"].section(("http2", "headers")) if "http_server_config" in sections else {}
    return WebFile(
        tls=_tls(sections["tls_server_config"], directory) if "tls_server_config" in sections else None,
        users=dict(_users(sections["basic_auth_users"])) if "basic_auth_users" in sections else {},
        headers=dict(_headers(http["headers"])) if "headers" in http else {},
        rate_limit=_rate_limit(sections["rate_limit"]) if "rate_limit" in sections else None,
        is_http2_wanted="http2" in http and http["http2"].truth(),
    )


def _tls(section: _Value, directory: PurePath) -> ServerTls | None:
    """Return what the section says; None if it says nothing that switches TLS on."""
    keys = section.section([name for name in ServerTls.__dataclass_fields__ if name != "lines"])
    texts: dict[str, str] = {name: keys[name].text() for name in ("cert", "key", "client_ca") if name in keys}
    files: dict[str, str] = {
        name: keys[name].text() for name in ("cert_file", "key_file", "client_ca_file") if name in keys
    }
    versions: dict[str, str] = {
        name: keys[name].one_of(go_names.TLS_VERSIONS) for name in ("min_version", "max_version") if name in keys
    }
    lowest, highest = versions.get("min_version", "TLS12"), versions.get("max_version", "TLS13")
    if go_names.TLS_VERSIONS.keys() >= {lowest, highest} and lowest > highest:
        section.wrong("has a min_version above its max_version", "correct one of them")
    auth = _client_auth_type(keys["client_auth_type"]) if "client_auth_type" in keys else NO_CLIENT_CERT
    is_on = any((*texts.values(), *files.values(), "client_auth_type" in keys and keys["client_auth_type"].text()))
    for name in ("cert", "key") if is_on else ():
        if not texts.get(name) and not files.get(f"{name}_file"):
            section.wrong(f"has no {name}_file", f"name the file with it, or write it to {name}")
    if auth == NO_CLIENT_CERT and (texts.get("client_ca") or files.get("client_ca_file")):
        problem = "has authorities of clients, but no client_auth_type that asks for a certificate"
        section.wrong(problem, f"set it to {CLIENT_AUTH_TYPES[-1]}")
    found = ServerTls(
        cert=texts.get("cert", ""),
        key=Secret(texts["key"]) if texts.get("key") else None,
        client_ca=texts.get("client_ca", ""),
        **{name: str(directory / path) if path else "" for name, path in files.items()},
        client_auth_type=auth,
        client_allowed_sans=_allowed_sans(keys["client_allowed_sans"])
        if "client_allowed_sans" in keys
        else frozenset(),
        **versions,
        cipher_suites=_names(keys, "cipher_suites", [*go_names.CIPHER_SUITES, *go_names.CIPHER_SUITES_OF_TLS13]),
        curve_preferences=_names(keys, "curve_preferences", go_names.CURVES),
        prefer_server_cipher_suites="prefer_server_cipher_suites" not in keys
        or keys["prefer_server_cipher_suites"].truth(),
        lines={name: value.line for name, value in keys.items()},
    )
    return found if is_on else None


def _names(keys: Mapping[str, _Value], key: str, known: Collection[str]) -> tuple[str, ...]:
    return tuple(item.one_of(known) for item in keys[key].items()) if key in keys else ()


def _allowed_sans(value: _Value) -> frozenset[str]:
    names = frozenset(item.text() for item in value.items())
    if not names:
        value.wrong("allows nobody", "name those who may connect, or remove it")
    return names


def _client_auth_type(value: _Value) -> str:
    known = _OLD_CLIENT_AUTH_TYPES.get(value.text()) or value.one_of(CLIENT_AUTH_TYPES)
    return known if known in CLIENT_AUTH_TYPES else NO_CLIENT_CERT


def _users(section: _Value) -> Iterator[tuple[str, Secret]]:
    for name, value in section.section().items():
        if not _HASH.fullmatch(value.text()):
            # The user's name is shown, what stands behind it is not: it may be the password itself.
            how = 'make the hash with `htpasswd -nBC 10 "" | tr -d ":\\n"`'
            value.wrong("has no hash of bcrypt for a password", how)
        yield name, Secret(value.text())


def _headers(section: _Value) -> Iterator[tuple[str, str]]:
    for name, value in section.section(_HEADERS).items():
        text = value.text()
        if not text:
            continue
        if any(ord(character) < ord(" ") or ord(character) > 0xFF for character in text):  # noqa: PLR2004 - latin-1
            value.wrong("holds what a header cannot hold", "write it on one line, in letters of ASCII")
        yield name, value.one_of(_HEADERS[name]) if _HEADERS[name] else text


def _rate_limit(section: _Value) -> RateLimit | None:
    keys = section.section(("interval", "burst"))
    interval, burst = (keys[name].text() if name in keys else "" for name in ("interval", "burst"))
    seconds = go_names.parse_duration(interval or "0")
    if seconds is None:
        keys["interval"].wrong(f"cannot be {interval}", "write it as 1s or 100ms")
    most = go_names.parse_count(burst or "0")
    if most is None:
        keys["burst"].wrong("must be a whole number, 0 or more", "correct it")
    return RateLimit(seconds, most) if seconds and most is not None else None
