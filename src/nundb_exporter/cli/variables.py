"""Variables that look like settings and are none: a misspelt one has no effect, and nobody would know."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click

from nundb_exporter.config.spelling import nearest

_PREFIX: Final = "NUNDB_EXPORTER_"
_OF_KUBERNETES: Final = re.compile(
    r"(?:.*_)?(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)"
)
"""What a pod is told of each service, by its name: of one that is called nundb-exporter, it begins like a setting."""


def unknown_variables(environment: Mapping[str, str], settings: Sequence[click.Parameter]) -> Iterator[str]:
    """Yield a sentence for each variable that is named like the settings and is none of them."""
    variables = {
        str(setting.name).upper(): setting.envvar for setting in settings if isinstance(setting.envvar, str)
    }  # by what the flag's name would give: that of --nundb.url is NUN_URL
    for name in sorted(environment.keys() - set(variables.values())):
        stem = name.removeprefix(_PREFIX)
        if stem == name or _OF_KUBERNETES.fullmatch(stem):
            continue
        meant = nearest(stem, variables)
        cure = f"did you mean {variables[meant]}?" if meant else "nundb-exporter serve --help lists all"
        yield f"the variable {name} is no setting and has no effect: {cure}"
