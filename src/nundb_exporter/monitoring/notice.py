"""The first line of a generated file, in the comments of its language."""

from typing import Final

_NOTICE: Final = "Written by `nundb-exporter generate`; changes here are lost."
IN_YAML: Final = f"# {_NOTICE}\n"
IN_MARKDOWN: Final = f"<!-- {_NOTICE} -->\n"
