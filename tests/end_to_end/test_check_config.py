"""`nundb-exporter check-config`: a configuration file is judged as a program would take it."""

from pathlib import Path

from tests.wire.program import run

GOOD = "modules: {default: {user: nun, password_file: pwd}}\ntargets: {nodes: ['http://a:3013', 'http://b:3013']}\n"


async def test_a_file_without_errors_is_said_to_be_so(tmp_path: Path) -> None:
    """With what is in it; exit code 0."""
    (tmp_path / "pwd").write_text("m4rk\n")
    (tmp_path / "nundb.yml").write_text(GOOD)
    ended = await run("check-config", str(tmp_path / "nundb.yml"), url=None, NUN_USER=None, NUN_PWD=None)
    assert (ended.code, ended.stderr) == (0, "")
    assert ended.stdout == f"{tmp_path}/nundb.yml: no error, 1 module, 2 nodes\n"


async def test_all_errors_are_printed_one_a_line(tmp_path: Path) -> None:
    """Each with file and line, so that editors jump there; exit code 1, and no secret."""
    (tmp_path / "pwd").write_text("m4rk;\n")
    (tmp_path / "nundb.yml").write_text(f"{GOOD}logs: {{}}\n")
    ended = await run("check-config", str(tmp_path / "nundb.yml"), url=None, NUN_USER=None, NUN_PWD=None)
    assert ended.code == 1
    first, second = ended.stdout.splitlines()
    assert first.startswith(f"{tmp_path}/nundb.yml:1: modules.default.password_file: contains a semicolon")
    assert second == f"{tmp_path}/nundb.yml:3: unknown key logs; did you mean log?"
    assert "m4rk" not in ended.stdout + ended.stderr


async def test_a_file_that_cannot_be_read_is_a_wrong_setting() -> None:
    """Exit code 2, and one line."""
    ended = await run("check-config", "/no/such/file", url=None, NUN_USER=None, NUN_PWD=None)
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("nundb-exporter: FILE: cannot read /no/such/file")
