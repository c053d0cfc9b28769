"""What replies mean: read once where they say the same again, and nothing kept that could fill the memory."""

import pytest

from nundb_exporter.metrics import Answers
from nundb_exporter.protocol.commands import Command
from nundb_exporter.protocol.replies import Reply


class Asked:
    """A command that remembers which texts it has read."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.command = Command("ask", "ask", ("",), self._read)

    def _read(self, text: str) -> int:
        self.texts.append(text)
        return len(text)

    def scrape(self, text: str, database: str | None = None) -> int | None:
        """Read a reply twice, as two collectors of one scrape do."""
        if database is None:
            answers = Answers(node={self.command: Reply(text)})
            assert answers.read(self.command) == answers.read(self.command)
            return answers.read(self.command)
        answers = Answers(database={(database, self.command): Reply(text)})
        assert answers.read_in(database, self.command) == answers.read_in(database, self.command)
        return answers.read_in(database, self.command)


def test_a_reply_that_says_the_same_in_the_next_scrape_is_not_read_again() -> None:
    """A node's role, members, databases and start seldom change; when they do, the reply is read."""
    asked = Asked()
    assert [asked.scrape(text) for text in ("one", "one", "three", "one")] == [3, 3, 5, 3]
    assert asked.texts == ["one", "three"]


@pytest.mark.parametrize(("text", "database"), [("x" * 5000, None), ("secret", "shop")])
def test_long_replies_and_those_of_a_database_are_forgotten_with_their_scrape(text: str, database: str | None) -> None:
    """They are read once in each scrape."""
    asked = Asked()
    for _ in range(3):
        assert asked.scrape(text, database) == len(text)
    assert asked.texts == [text] * 3
