"""What a replay cannot repeat, made alike: times, ids, averages, and lists whose order is a hash's."""

import re
from collections.abc import Mapping

OPERATION_ID = re.compile(r"(?<!\d)1\d{18}(?!\d)")
PROCESS_ID = re.compile(r"(process_id: |election candidate )\d+")
AVERAGE = re.compile(r"((?:replication|get_query)_time_moving_avg: )[0-9.e-]+")
DATABASES = re.compile(r"(?<=dbs-list \n)(?:[^\n]* : (?:none|newer|arbiter)(?:\n|$))+")
COMMANDS = re.compile(r"(?<=commands-list ),[a-z,-]+")
PENDING = re.compile(
    r'(?<=pending-ops )message: ".*?replicate_count: \d+, replications: [^\n]*(?=\n(?!message: "))', re.DOTALL
)
REPLICATIONS = re.compile(r"(?<=replications: )(?:, \S+:(?:true|false))+")


def normal(text: str) -> str:
    """Return a reply with everything volatile made alike."""
    text = AVERAGE.sub(r"\1<average>", OPERATION_ID.sub("<id>", PROCESS_ID.sub(r"\1<pid>", text)))
    text = REPLICATIONS.sub(lambda found: _sorted(found[0], ", "), text)
    text = DATABASES.sub(lambda found: _sorted(found[0], "\n"), text)
    text = COMMANDS.sub(lambda found: _sorted(found[0], ","), text)
    return PENDING.sub(lambda found: "\n".join(sorted(re.split(r'\n(?=message: ")', found[0]))), text)


def _sorted(text: str, separator: str) -> str:
    return separator.join(sorted(text.split(separator)))


class Names:
    """The two vocabularies of a replay: what the recording calls a thing, and what it is called this time.

    Nodes are known from the start; operation ids are learned from replies, in the order in which they stand there.
    """

    def __init__(self, recorded: list[str], actual: list[str]) -> None:
        self._nodes = dict(zip(recorded, actual, strict=True))
        self._recorded_nodes = {ours: theirs for theirs, ours in self._nodes.items()}
        self._ids: dict[str, str] = {}

    def add_node(self, recorded: str, actual: str) -> None:
        """Learn the name of a node that comes later."""
        self._nodes[recorded] = actual
        self._recorded_nodes[actual] = recorded

    def to_send(self, data: bytes) -> bytes:
        """Return recorded bytes with this time's names."""
        for recorded, actual in (self._nodes | self._ids).items():
            data = data.replace(recorded.encode(), actual.encode())
        return data

    def as_recorded(self, text: str) -> str:
        """Return a reply with the recording's names of nodes."""
        return _replace_all(text, self._recorded_nodes)

    def learn(self, recorded: str, actual: str) -> None:
        """Learn operation ids from two equal replies, unless their order is a hash's."""
        ours, theirs = OPERATION_ID.findall(actual), OPERATION_ID.findall(recorded)
        if len(ours) == len(theirs) and "pending-ops message" not in recorded:
            self._ids |= zip(theirs, ours, strict=True)


def _replace_all(text: str, replacements: Mapping[str, str]) -> str:
    pattern = "|".join(re.escape(old) for old in sorted(replacements, key=len, reverse=True))
    return re.sub(pattern, lambda found: replacements[found[0]], text) if pattern else text
