"""`nundb-exporter generate` writes what is missing or out of date, and can tell without writing."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from nundb_exporter.cli.generate import command
from nundb_exporter.errors import ConfigError
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


def test_alerts_lead_to_another_runbook(tmp_path: Path) -> None:
    """Each to its own entry, in the rules and in the chart."""
    assert run("--runbook-url", "https://wiki.example/nun-db", str(tmp_path))[0] == 0
    assert (
        "runbook_url: https://wiki.example/nun-db#nundbdown" in (tmp_path / "deploy/prometheus/alerts.yml").read_text()
    )
    values = tmp_path / "deploy/helm/nundb-exporter/values.yaml"
    assert 'runbookUrl: "https://wiki.example/nun-db"' in values.read_text(encoding="utf-8")


@pytest.mark.parametrize("url", ["", "wiki", "https://", "https://wiki.example/nun db", "https://wiki.example/#nun-db"])
def test_a_runbook_that_no_alert_could_lead_to_is_refused(tmp_path: Path, url: str) -> None:
    """Before anything is written."""
    result = CliRunner().invoke(command, ["--runbook-url", url, str(tmp_path)], standalone_mode=False)
    assert isinstance(result.exception, ConfigError)
    assert str(result.exception).startswith("--runbook-url: is not the address of a page")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"# Another project\n", "# Caf\u00e9\n".encode("latin-1")])
def test_the_readme_of_another_project_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """Rules and dashboards can be had in any directory."""
    readme = tmp_path / "README.md"
    readme.write_bytes(content)
    code, lines = run(str(tmp_path))
    assert code == 0
    assert "written: deploy/prometheus/alerts.yml" in lines
    assert readme.read_bytes() == content


def test_a_readme_without_the_end_of_its_table_is_told(tmp_path: Path) -> None:
    """With what is missing; nothing is written then."""
    (tmp_path / "README.md").write_text(f"# Here\n{README_BEGIN}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"write {README_END} after it"):
        CliRunner().invoke(command, [str(tmp_path)], standalone_mode=False, catch_exceptions=False)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_letters_of_another_encoding_are_no_obstacle(tmp_path: Path) -> None:
    """A file that is to be written anew may hold anything, and the rest of a README stays as it is."""
    run(str(tmp_path))
    changed, readme = tmp_path / "docs/runbook.md", tmp_path / "README.md"
    text = changed.read_bytes()
    changed.write_bytes(b"caf\xe9")
    readme.write_bytes(b"caf\xe9\n" + README.encode())
    _, lines = run(str(tmp_path))
    assert sorted(lines) == ["written: README.md", "written: docs/runbook.md"]
    assert changed.read_bytes() == text
    assert readme.read_bytes().startswith(b"caf\xe9\n")


def test_the_rest_of_a_readme_stays(tmp_path: Path) -> None:
    """Of a README only the table is written, between its markers."""
    readme = tmp_path / "README.md"
    readme.write_text(README, encoding="utf-8")
    _, lines = run(str(tmp_path))
    text = readme.read_text(encoding="utf-8")
    assert "written: README.md" in lines
    assert text.startswith(f"# Here\n{README_BEGIN}\n| collector |")
    assert text.endswith(f"|\n{README_END}\nThe end.\n")
