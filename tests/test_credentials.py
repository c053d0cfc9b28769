"""Names and secrets: what is refused, and that nothing shows."""

import copy
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nundb_exporter.credentials import Credentials, DatabaseAccess, Secret, check_text, check_word, without_editor_marks
from nundb_exporter.errors import ConfigError
from nundb_exporter.protocol.commands import auth

SECRET = Secret("hunter2")


@pytest.mark.parametrize(
    "shown",
    [
        repr,
        str,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>20}",
        "{0!s} {0!r}".format,
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - as logging does
    ],
)
def test_a_secret_does_not_show_itself(shown: Callable[[object], str]) -> None:
    """However it is printed, alone or within what holds it."""
    for holder in (SECRET, [SECRET], {"password": SECRET}, Credentials("nun", SECRET), DatabaseAccess("shop", SECRET)):
        assert "hunter2" not in shown(holder)
        assert "<secret>" in shown(holder)


def test_a_secret_cannot_be_formatted_by_a_specification() -> None:
    """A width or a precision would cut pieces out of it: there is no such format, and the error does not tell it."""
    with pytest.raises(TypeError) as caught:
        f"{SECRET:>20}"
    assert "hunter2" not in str(caught.value)


def test_secrets_are_equal_by_their_text_alone() -> None:
    """They are compared and hashed as values, so that settings that say the same are the same."""
    assert Secret("hunter2") == SECRET
    assert hash(SECRET) == hash(Secret("hunter2"))
    assert Secret("hunter3") != SECRET
    assert SECRET != "hunter2"
    assert copy.copy(SECRET).reveal() == "hunter2"


REFUSED = {
    "": "is empty",
    "a;b": "contains a semicolon at position 2",
    "a\nb": "contains a newline at position 2",
    "a\rb": "contains a carriage return",
    "a\0b": "contains a NUL character",
    "a\n": "contains a newline",
    " a": "begins or ends with white space",
    "a\t": "begins or ends with white space",
    "a\u00a0": "begins or ends with white space",
    "\u2028a": "begins or ends with white space",
    "a\udcff": "is not UTF-8",
    "abc\td": "contains a control character at position 4",
    "\x1b[Aab": "contains a control character at position 1",
    "a\x7f": "contains a control character at position 2",
    "ab\x85c": "contains a control character at position 3",
    "a\u200bb": "contains a zero-width character at position 2",
    "ab\u200d": "contains a zero-width character at position 3",
    "\ufeffab": "contains a zero-width character at position 1",
    "a\u2060b": "contains a zero-width character at position 2",
    "a\u00adb": "contains a zero-width character at position 2",
    "a\u034fb": "contains a zero-width character at position 2",
    "a\u3164b": "contains a zero-width character at position 2",
    "a\ufe0fb": "contains a zero-width character at position 2",
    "a\u202eb": "contains a zero-width character at position 2",
    "a\u2028b": "contains a line separator at position 2",
}


@pytest.mark.parametrize(("text", "problem"), REFUSED.items())
@pytest.mark.parametrize("check", [check_text, check_word])
def test_what_would_change_a_command_is_refused_with_its_reason(
    check: Callable[[str, str], None], text: str, problem: str
) -> None:
    """The setting is named, the reason given, and the value not repeated: it may be a secret."""
    with pytest.raises(ConfigError, match=problem) as caught:
        check("NUN_PWD", text)
    assert caught.value.setting == "NUN_PWD"
    assert caught.value.cure
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("\ufeffa\n", "a"),
        ("\ufeff", ""),
        ("\n", ""),
        ("a\n\n", "a\n"),
        ("a\r", "a\r"),
        ("a\n\r", "a\n\r"),
        (" a ", " a "),
        ("a\ufeff", "a\ufeff"),
    ],
)
def test_what_an_editor_adds_is_taken_off_once(text: str, kept: str) -> None:
    """A byte order mark before, one line end after; what else there is, is left to be refused."""
    assert without_editor_marks(text) == kept


def test_a_space_is_refused_where_the_grammar_splits() -> None:
    """A password is the rest of its line and may hold spaces; a user, a database and a token are words."""
    check_text("NUN_PWD", "two words")
    with pytest.raises(ConfigError, match="contains a space, at which Nun-db splits arguments"):
        check_word("NUN_USER", "two words")


TEXTS = st.one_of(
    st.text(max_size=8),
    st.lists(st.sampled_from([";", "\n", "\r", " ", "\0", "a", "é", "\t", "\x85"]), max_size=5).map("".join),
)


@given(user=TEXTS, password=TEXTS)
def test_what_is_accepted_reaches_the_node_as_it_is(user: str, password: str) -> None:
    """Read as the server reads (protocol notes 1.0 to 1.2), one command arrives with both arguments unharmed."""
    try:
        check_word("NUN_USER", user)
        check_text("NUN_PWD", password)
    except ConfigError:
        return
    line = auth(user, password).text.encode().decode()
    for body in (line, f"{line};metrics-state"):
        pieces = [piece.strip() for piece in body.split(";")]
        assert pieces[0].split("\n") == [line]
        assert pieces[0].rstrip(";").split(" ", 2) == ["auth", user, password]
