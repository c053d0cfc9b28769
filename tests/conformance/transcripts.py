"""Recordings as data: runs of one or more files, each a list of steps (format: tests/transcripts/README.md)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parent.parent / "transcripts"

ONE_RUN = ("single-http", "single-tcp", "single-ws")
"""Files that belong together: they were recorded in this order on the same node."""

MEMBER = re.compile(r"(\S+:\d+)\((?:self|Connected|Disconnected)\)")


@dataclass(frozen=True)
class Step:
    """One line of a recording, and where it is."""

    source: str
    line: int
    entry: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"

    @property
    def sent(self) -> bytes | None:
        """What was sent; None where the recording only listened."""
        if "send_hex" in self.entry:
            return bytes.fromhex(self.entry["send_hex"])
        text = self.entry.get("send")
        return None if text is None else text.encode()


@dataclass
class Run:
    """A recorded run from empty data directories."""

    name: str
    names: list[str]
    environment: dict[str, str]
    steps: list[Step] = field(default_factory=list)

    @property
    def starts_settled(self) -> bool:
        """Whether the recording began when the nodes were one cluster."""
        return self.name != "start-up"


def runs(directory: Path = DIRECTORY) -> list[Run]:
    """Return every recorded run."""
    files = {path.stem: path for path in sorted(directory.glob("*.jsonl"))}
    together = [files.pop(name) for name in ONE_RUN if name in files]
    found = [_run(path.stem, [path]) for path in files.values()]
    return found + ([_run("single", together)] if together else [])


def _run(name: str, paths: list[Path]) -> Run:
    steps = [step for path in paths for step in _steps(path)]
    about = json.loads(paths[0].read_text("utf-8").splitlines()[0])
    return Run(name, about.get("tcp") or _names(steps), about.get("environment", {}), _with_actions(name, steps))


def _steps(path: Path) -> Iterator[Step]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        entry = json.loads(line)
        if "about" not in entry:
            yield Step(path.name, number, entry)


def _names(steps: list[Step]) -> list[str]:
    """Return the nodes' names of a recording that does not list them: as its first cluster-state does."""
    first = next(step.entry["recv"] for step in steps if "(self)" in str(step.entry.get("recv")))
    return sorted(MEMBER.findall(first))


def _with_actions(name: str, steps: list[Step]) -> list[Step]:
    """Give the first recording of a cluster, whose notes are prose, the keys and the pauses that later ones have."""
    if name != "cluster":
        return steps
    return [
        Step(step.source, step.line, entry)
        for step in steps
        for entry in (*CLUSTER_ACTIONS.get(step.line, ()), step.entry)
    ]


def _pause(seconds: float) -> dict[str, Any]:
    return {"note": f"{seconds} s pass", "seconds": seconds}


def _signal(node: int, name: str) -> dict[str, Any]:
    return {"note": f"node {node} gets {name}", "node": node, "signal": name}


CLUSTER_ACTIONS: dict[int, tuple[dict[str, Any], ...]] = {
    12: (_pause(0.3),),
    13: (_pause(0.3),),
    19: (_pause(0.6),),
    31: (_signal(2, "SIGSTOP"),),
    36: (_pause(0.4),),
    42: (_signal(2, "SIGCONT"), _pause(1.5)),
    52: (_signal(2, "SIGSTOP"),),
    56: (_pause(0.4),),
    62: (_signal(2, "SIGKILL"), _pause(0.5)),
    69: (_pause(0.4),),
    75: ({"note": "node 2 starts again", "node": 2, "start": True}, _pause(2.0)),
    88: (_signal(0, "SIGKILL"), _pause(2.5)),
}
"""What happened before a line of cluster.jsonl, beyond what the line says."""
