"""`nundb-exporter generate` writes what is missing or out of date, and can tell without writing."""

from pathlib import Path

from click.testing import CliRunner

from nundb_exporter.cli.generate import command
from nundb_exporter.monitoring.reference import README_BEGIN, README_END

README = f"# Here\n{README_BEGIN}\nout of date\n{README_END}\nThe end.\n"


def run(*arguments: str) -> tuple[int, list[str]]:
    """Run the command; return its exit code and the lines that it printed."""
    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    assert result.exception is None, result.exception
    return result.return_value, result.output.splitlines()


def test_everything_is_written_into_an_empty_directory(tmp_path: Path) -> None:
    """Rules and dashboards can be had without a checkout, and there is no README to write then."""
    code, lines = run(str(tmp_path))
    assert code == 0
    assert "written: deploy/prometheus/alerts.yml" in lines
    assert (tmp_path / "deploy/grafana/nundb-overview.json").exists()
    assert not (tmp_path / "README.md").exists()


def test_what_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    """A second call writes nothing, and a check is content."""
    run(str(tmp_path))
    assert run(str(tmp_path)) == (0, [])
    assert run("--check", str(tmp_path)) == (0, [])


def test_a_check_names_what_is_out_of_date_and_writes_nothing(tmp_path: Path) -> None:
    """CI fails on a file that was changed by hand, and the file stays as it is."""
    run(str(tmp_path))
    changed = tmp_path / "docs/runbook.md"
    changed.write_text("by hand", encoding="utf-8")
    assert run("--check", str(tmp_path)) == (1, ["out of date: docs/runbook.md"])
    assert changed.read_text(encoding="utf-8") == "by hand"


def test_the_rest_of_a_readme_stays(tmp_path: Path) -> None:
    """Of a README only the table is written, between its markers."""
    readme = tmp_path / "README.md"
    readme.write_text(README, encoding="utf-8")
    _, lines = run(str(tmp_path))
    text = readme.read_text(encoding="utf-8")
    assert "written: README.md" in lines
    assert text.startswith(f"# Here\n{README_BEGIN}\n| collector |")
    assert text.endswith(f"|\n{README_END}\nThe end.\n")
