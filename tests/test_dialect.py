"""One way to write the constants and dataclasses of both packages, which the linter does not know."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
MODULES = sorted(SOURCE.rglob("*.py"))


def plain_constants(module: ast.Module) -> Iterator[str]:
    """Yield the constants of a module that are not declared as Final; variables of types are no constants."""
    for statement in module.body:
        if isinstance(statement, ast.Assign) and not re.match("(TypeVar|ParamSpec)", ast.unparse(statement.value)):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            yield from (name for name in names if name.isupper())


def open_dataclasses(module: ast.Module) -> Iterator[str]:
    """Yield the dataclasses that let any attribute be set: those without slots."""
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            yield from (node.name for text in decorators if "dataclass" in text and "slots=True" not in text)


every_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))


@every_module
def test_constants_are_final(path: Path) -> None:
    """Nobody can reassign one without being told."""
    assert list(plain_constants(ast.parse(path.read_text("utf-8")))) == []


@every_module
def test_dataclasses_have_slots(path: Path) -> None:
    """Nobody can misspell a field without being told."""
    assert list(open_dataclasses(ast.parse(path.read_text("utf-8")))) == []
