"""The web configuration file: what Prometheus' exporter-toolkit takes is taken, the rest is told with its line."""

from pathlib import PurePath

import pytest

from nundb_exporter.config.go_names import parse_duration
from nundb_exporter.config.web_file import RateLimit, ServerTls, WebFile, parse_web_file
from nundb_exporter.credentials import Secret
from nundb_exporter.errors import ConfigError, ConfigFileError

HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
"""The toolkit's own example."""
TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"


def read(text: str) -> WebFile:
    """Read a file in /etc/exporter."""
    return parse_web_file("web.yml", text, PurePath("/etc/exporter"))


def test_a_whole_file_reads() -> None:
    """Every key of it, in the words of the toolkit's documentation."""
    found = read(
        f"""
tls_server_config:
  cert_file: server.crt
  key_file: /secrets/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: clients.pem
  client_allowed_sans: [prometheus.example.com, 10.0.0.1]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: true
  headers: {{X-Frame-Options: deny, X-XSS-Protection: 1, Content-Security-Policy: ""}}
basic_auth_users:
  alice: {HASH}
  17: {HASH}
rate_limit: {{interval: 1m30s, burst: 20}}
"""
    )
    assert found == WebFile(
        tls=ServerTls(
            cert_file="/etc/exporter/server.crt",
            key_file="/secrets/server.key",
            client_auth_type="RequireAndVerifyClientCert",
            client_ca_file="/etc/exporter/clients.pem",
            client_allowed_sans=frozenset({"prometheus.example.com", "10.0.0.1"}),
            cipher_suites=("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
            prefer_server_cipher_suites=False,
            curve_preferences=("X25519", "CurveP256"),
        ),
        users={"alice": Secret(HASH), "17": Secret(HASH)},
        headers={"X-Frame-Options": "deny", "X-XSS-Protection": "1"},
        rate_limit=RateLimit(90, 20),
        is_http2_wanted=True,
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "tls_server_config:\n",
        "basic_auth_users: {}\n",
        "rate_limit: {interval: 0, burst: 0}\n",
        "tls_server_config: {min_version: TLS13}\n",
    ],
)
def test_a_file_may_ask_for_nothing(text: str) -> None:
    """As with the toolkit: TLS is on where a certificate, a key or a policy for clients is named."""
    assert read(text) == WebFile()


def test_a_certificate_and_its_key_may_stand_in_the_file() -> None:
    """The key is a secret from then on."""
    found = read("tls_server_config:\n  cert: |\n    CERT\n  key: |\n    m4rked-key\n")
    assert found.tls == ServerTls(cert="CERT\n", key=Secret("m4rked-key\n"))
    assert "m4rked" not in repr(found)


def test_hashes_of_passwords_are_not_shown() -> None:
    """They can be tried at leisure."""
    assert HASH not in repr(read(f"basic_auth_users: {{alice: {HASH}}}"))


def test_the_old_name_of_a_policy_is_known() -> None:
    """The toolkit keeps it."""
    found = read(f"{TLS}  client_auth_type: RequireClientCert\n")
    assert found.tls
    assert found.tls.client_auth_type == "RequireAnyClientCert"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("junk", "web.yml:1: the file must be a section of keys"),
        ("[]", "web.yml:1: the file must be a section of keys"),
        ("tls_server_config: x", "web.yml:1: tls_server_config must be a section of keys"),
        ("tls_server_config:\n  cert_filse: server.crt", "web.yml:2: unknown key cert_filse; did you mean cert_file?"),
        ("tls_server_confg: {}", "web.yml:1: unknown key tls_server_confg; did you mean tls_server_config?"),
        ("tls_server_config:\n  key_file: k", "web.yml:1: tls_server_config has no cert_file"),
        ("tls_server_config:\n  cert_file: c\n  key: ''", "web.yml:1: tls_server_config has no key_file"),
        ("tls_server_config:\n  client_auth_type: x", "web.yml:1: tls_server_config has no cert_file"),
        (f"{TLS}  client_auth_type: Verify", "web.yml:4: client_auth_type cannot be Verify"),
        (f"{TLS}  client_ca_file: x", "no client_auth_type that asks for a certificate"),
        (f"{TLS}  client_allowed_sans: []", "web.yml:4: client_allowed_sans allows nobody"),
        (f"{TLS}  client_allowed_sans: x", "web.yml:4: client_allowed_sans must be a list"),
        (f"{TLS}  min_version: TLS111", "web.yml:4: min_version cannot be TLS111; did you mean TLS11?"),
        (f"{TLS}  min_version: TLS13\n  max_version: TLS12", "has a min_version above its max_version"),
        (
            f"{TLS}  cipher_suites:\n  - TLS_AES_128\n  - X",
            "web.yml:5: cipher_suites cannot be TLS_AES_128; did you mean",
        ),
        (f"{TLS}  cipher_suites:\n  - TLS_RSA_WITH_RC4_128_SHA", "web.yml:5: cipher_suites cannot be TLS_RSA_WITH_RC4"),
        (f"{TLS}  curve_preferences: [CurveP257]", "web.yml:4: curve_preferences cannot be CurveP257; did you mean"),
        (f"{TLS}  prefer_server_cipher_suites: 2", "web.yml:4: prefer_server_cipher_suites must be true or false"),
        (f"{TLS}  cert_file: other", "web.yml:4: cert_file is set twice"),
        ("basic_auth_users:\n  bob: m4rked", "web.yml:2: bob has no hash of bcrypt"),
        (f"basic_auth_users:\n  bob: {HASH[:-1]}", "web.yml:2: bob has no hash of bcrypt"),
        (f"basic_auth_users:\n  bob: {HASH.replace('10', '03')}", "web.yml:2: bob has no hash of bcrypt"),
        ("basic_auth_users: [alice]", "web.yml:1: basic_auth_users must be a section"),
        ("http_server_config:\n  http3: true", "web.yml:2: unknown key http3; did you mean http2?"),
        ("http_server_config:\n  headers:\n    Content-Type: x", "web.yml:3: unknown key Content-Type"),
        ("http_server_config:\n  headers:\n    X-Frame-Options: x", "web.yml:3: X-Frame-Options cannot be x"),
        (
            "http_server_config:\n  headers:\n    X-XSS-Protection: 'a\n\n      b'",
            "web.yml:3: X-XSS-Protection holds what",
        ),
        ("rate_limit:\n  interval: 1 second", "web.yml:2: interval cannot be 1 second; write it as 1s"),
        ("rate_limit:\n  interval: -1s", "web.yml:2: interval cannot be -1s"),
        ("rate_limit:\n  interval: 1s\n  burst: -1", "web.yml:3: burst must be a whole number"),
        (f"rate_limit:\n  interval: 1s\n  burst: '{'9' * 5000}'", "web.yml:3: burst must be a whole number"),
        ("rate_limit:\n  interval: 1s\n  burst: 9223372036854775808", "web.yml:3: burst must be a whole number"),
        (f"rate_limit:\n  interval: {'9' * 400}", "web.yml:2: interval cannot be 999"),
        ("rate_limit:\n  interval: [1s]", "web.yml:2: interval must be text"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(text: str, problem: str) -> None:
    """And with what to do; what may be a secret is not repeated."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert problem in str(caught.value)
    assert all(line.startswith("web.yml:") for line in str(caught.value).splitlines())
    assert "m4rked" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1s", 1),
        ("100ms", 0.1),
        ("1.5h", 5400),
        ("1m30s", 90),
        (".5s", 0.5),
        ("2us", 2e-6),
        ("2µs", 2e-6),
        ("1000000000", 1),
        ("9223372036854775807", 9223372036.85),
        ("9223372036854775808", None),
        ("2562048h", None),
        ("", None),
        ("1", 1e-9),
        ("s", None),
        ("1 s", None),
        ("1d", None),
        ("-1s", None),
    ],
)
def test_durations_are_as_in_go(text: str, seconds: float | None) -> None:
    """A number alone counts nanoseconds: that is how the toolkit's YAML reads it."""
    found = parse_duration(text)
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_all_that_is_wrong_is_told_at_once() -> None:
    """In the order of its lines."""
    with pytest.raises(ConfigFileError) as caught:
        read("""
tls_server_config:
  cert_file: server.crt
  min_version: TLS9
  cipher_suites: [X, TLS_AES_128_GCM_SHA256, Y]
basic_auth_users: {a: b}
rate_limit: {interval: x, burst: y}
rate_limit: {}
extra: 1
""")
    assert [int(error.setting.partition(":")[2]) for error in caught.value.errors] == [2, 4, 5, 5, 6, 8, 9]
