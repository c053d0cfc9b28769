"""The program: `python -m tests.drills.real --nundb-binary PATH`."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from nundb_devserver import free_row

from .exercise import HEALTHY_SECONDS, PORTS_PER_DRILL, exercise
from .outcome import RealOutcome
from .plan import DRILLS
from .table import document

ROOT = Path(__file__).parents[3]


def main() -> int:
    """Carry out the drills, write or print the table, and return 0 if all of them are good."""
    parser = argparse.ArgumentParser(prog="make drills-real", description=__doc__)
    parser.add_argument("--nundb-binary", type=Path, required=True, help="the nun-db to start")
    parser.add_argument("-k", dest="names", action="append", help="only drills with this in their names; repeatable")
    parser.add_argument("--at-once", type=int, default=6, help="so many clusters at a time (default: 6)")
    parser.add_argument("--port-base", type=int, help="the first of some hundred ports (default: a free row)")
    parser.add_argument(
        "--healthy", type=float, default=HEALTHY_SECONDS, help="seconds to watch each cluster before it is broken"
    )
    parser.add_argument("--write", action="store_true", help="write the rows to docs/drills-real.md")
    arguments = parser.parse_args()
    chosen = [drill for drill in DRILLS if not arguments.names or any(name in drill.name for name in arguments.names)]
    base = arguments.port_base or free_row(10 + PORTS_PER_DRILL * len(chosen))
    file = ROOT / "docs" / "drills-real.md"
    date = time.strftime("%Y-%m-%d")

    def keep(outcome: RealOutcome) -> None:
        if arguments.write:
            file.write_text(document([outcome], date, file.read_text(encoding="utf-8")), encoding="utf-8")

    with tempfile.TemporaryDirectory(prefix="nundb-drills-") as directory:
        outcomes = asyncio.run(
            exercise(
                chosen,
                arguments.nundb_binary.resolve(),
                Path(directory),
                rules=ROOT / "deploy" / "prometheus",
                base=base,
                at_once=arguments.at_once,
                healthy_seconds=arguments.healthy,
                keep=keep,
            )
        )
    sys.stdout.write(document(outcomes, date))
    return 0 if all(outcome.is_good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
