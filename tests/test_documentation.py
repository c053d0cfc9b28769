"""What comments and documents refer to is there."""

import re
from itertools import chain
from pathlib import Path

import promql_parser
import pytest

from nundb_exporter.collectors import compat

ROOT = Path(__file__).parent.parent
NOTES = ROOT / "docs" / "nundb-protocol.md"

DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md")))
SOURCES = sorted(chain.from_iterable((ROOT / name).rglob("*.py") for name in ("src", "tests", "benchmarks")))

SECTION = r"\d+(?:\.\d+)?"
GAP = r"[\s#]+"
"""White space, or the end of one comment line and the beginning of the next."""
CITATION = re.compile(rf"\bprotocol{GAP}notes{GAP}({SECTION}(?:(?:,|{GAP}and|{GAP}to){GAP}{SECTION})*)")
OTHER_CITATION = re.compile(rf"(?<!protocol )\bnotes,?(?: section)? {SECTION}")

CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def headings(document: Path) -> list[str]:
    """Return the texts of a document's headings."""
    return re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)


def anchors(document: Path) -> set[str]:
    """Return what a link can name in a document, as GitHub derives it from headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings(document)}


def sections() -> set[str]:
    """Return the numbers of the protocol notes' sections."""
    return {found[0] for heading in headings(NOTES) if (found := re.match(SECTION, heading))}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_section_that_a_comment_cites_exists(source: Path) -> None:
    """Cited in one form, so that it can be searched for."""
    text = source.read_text(encoding="utf-8")
    cited = {number for citation in CITATION.findall(text) for number in re.findall(SECTION, citation)}
    assert cited <= sections()
    assert not OTHER_CITATION.findall(text)


def test_the_protocol_notes_refer_to_sections_of_their_own() -> None:
    """With a section sign."""
    cited = re.findall(rf"§({SECTION})", NOTES.read_text(encoding="utf-8"))
    assert cited
    assert set(cited) <= sections()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_leads_somewhere(document: Path) -> None:
    """A relative one: to a file, and its anchor to a heading there."""
    for link in LINK.findall(CODE.sub("", document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_index_leads_to_every_document() -> None:
    """As the README promises."""
    linked = set(LINK.findall((ROOT / "docs" / "index.md").read_text(encoding="utf-8")))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - linked == {"index.md"}


def test_the_migration_names_what_replaces_each_older_metric() -> None:
    """As the older metric's own description does."""
    guide = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
    for family in compat.FAMILIES:
        assert f"| `{family}` | `{family.meaning.partition('replaced by ')[2]}` |" in guide


def test_the_queries_of_the_migration_can_be_asked() -> None:
    """Before and after."""
    rows = re.findall(
        r"^\| `([^`]+)` \| `([^`]+)` \|", (ROOT / "docs" / "migration.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(rows) > len(compat.FAMILIES)
    for query in chain.from_iterable(rows):
        promql_parser.parse(query)


@pytest.mark.parametrize("package", ["nundb_exporter", "nundb_devserver"])
def test_the_map_shows_every_room(package: str) -> None:
    """A newcomer finds each module of the first level in it."""
    rooms = {path.name for path in (ROOT / "src" / package).iterdir() if (path / "__init__.py").exists()}
    rooms = {f"{name}/" for name in rooms} | {path.name for path in (ROOT / "src" / package).glob("[a-z]*.py")}
    told = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Map of the code")[2]
    assert {room for room in rooms if room not in told} == set()


def test_the_readme_stays_short() -> None:
    """What a newcomer needs in his first five minutes; everything else has a page in docs."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 130
