"""Settings that have no effect, so that nobody believes they had one: misspelt variables, and what is switched off."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click
from click.core import ParameterSource

from nundb_exporter.config.fleet import DEFAULT_MODULE, Fleet
from nundb_exporter.config.settings import Tls
from nundb_exporter.config.spelling import nearest

_PREFIX: Final = "NUNDB_EXPORTER_"
_OF_KUBERNETES: Final = re.compile(
    r"(?:.*_)?(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)"
)
"""What a pod is told of each service, by its name: of one that is called nundb-exporter, it begins like a setting."""
_SWITCHES: Final = {
    "nundb_log_path": "collector_log",
    "nundb_data_dir": "collector_files",
    "nundb_process": "collector_host",
}
"""What says where a collector reads, and the flag that switches that on, by the names of their parameters."""


def without_effect(environment: Mapping[str, str], context: click.Context, fleet: Fleet) -> Iterator[str]:
    """Yield a sentence for each setting that changes nothing."""
    yield from unknown_variables(environment, context.command.params)
    yield from _switched_off(context)
    yield from unused_tls(fleet)


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


def _switched_off(context: click.Context) -> Iterator[str]:
    """Yield a sentence for each place that is named and not read, though nobody has said that it is not to be."""
    flags = {parameter.name: parameter.opts[0] for parameter in context.command.params}
    for place, switch in _SWITCHES.items():
        is_named = context.get_parameter_source(place) is not ParameterSource.DEFAULT
        if is_named and not context.params[switch] and context.get_parameter_source(switch) is ParameterSource.DEFAULT:
            yield f"{flags[place]} has no effect without {flags[switch]}"


def unused_tls(fleet: Fleet) -> Iterator[str]:
    """Yield a sentence for each module that has settings of TLS, and only nodes that are asked without it."""
    is_secure_allowed = any(entry.schemes & {"https", "wss"} for entry in fleet.allow.entries)
    for name, module in fleet.modules.items():
        endpoints = [node.endpoint for node in fleet.nodes if node.module is module]
        if module.tls == Tls() or is_secure_allowed or not endpoints or any(each.is_secure for each in endpoints):
            continue
        where = "--nundb.tls" if name == DEFAULT_MODULE else f"modules.{name}.tls"
        yield (
            f"{where} has no effect on {endpoints[0].scheme}, which sends the password in the clear: TLS needs a URL "
            "of https or wss"
        )
