"""Completion of the command line in bash, zsh and fish, of `--flag=value` too."""

import re
from typing import Any, Final

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    shell_complete,
)

from nundb_exporter.cli.exits import Exit
from nundb_exporter.errors import ConfigError

_JOINED: Final = re.compile(r"(--[^=]+)=")


class _FlagWithValue(ShellComplete):
    """Completes the value in `--flag=value`, which a shell gives as one word, or bash as three."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        """Return the words that may stand in the place of `incomplete`."""
        # Words of bash end at `=`: `--flag=value` is `--flag`, `=`, `value`, of which the last is completed.
        split = [word for word, before in zip(args, ["", *args], strict=False) if word != "=" or before[:2] != "--"]
        joined = _JOINED.match(incomplete)
        if joined is None:
            return super().get_completions(split, incomplete)
        # The other shells replace the whole word, so the flag stands before each value.
        found = super().get_completions([*split, joined[1]], incomplete[joined.end() :])
        for item in found:
            if item.type == "plain":
                item.value = joined[0] + item.value
        return found


class _Bash(_FlagWithValue, BashComplete):
    pass


class _Zsh(_FlagWithValue, ZshComplete):
    # Before zsh looks for files, it is told which part of the word is not a file's name.
    source_template = ZshComplete.source_template.replace("_path_files", "compset -P '--*='; _path_files")


class _Fish(_FlagWithValue, FishComplete):
    # Names of files replace the whole word too, so the flag is put before each.
    source_template = FishComplete.source_template.replace(
        "__fish_complete_path $metadata[2];",
        "set -l flag (string match -r '^--[^=]+=' -- (commandline -ct)); "
        'for path in (__fish_complete_path $metadata[2]); echo "$flag$path"; end;',
    )


_PLACES: Final[dict[type[ShellComplete], str]] = {
    _Bash: "bash-completion/completions/nundb-exporter",
    _Zsh: "zsh/site-functions/_nundb-exporter",
    _Fish: "fish/vendor_completions.d/nundb-exporter.fish",
}
"""Where each shell looks for its script below a directory `share`."""

for _shell in _PLACES:
    add_completion_class(_shell)


def scripts(command: click.Command, program: str, variable: str) -> dict[str, str]:
    """Return each shell's script, by its place below `share`."""
    # Not click's own way for bash: that asks which bash is installed here, and this one is for somewhere else.
    return {place: ShellComplete.source(shell(command, {}, program, variable)) for shell, place in _PLACES.items()}


def complete(command: click.Command, program: str, variable: str, instruction: str) -> int:
    """Do what a shell's script asks in the variable: print the script itself, or the words that fit.

    Raises:
        ConfigError: the variable asks for something else, or a shell's own variables are missing.
    """
    try:
        if not shell_complete(command, {}, program, variable, instruction):
            return Exit.OK
    except (KeyError, ValueError):  # COMP_WORDS, COMP_CWORD
        pass
    cure = "set it to bash_source, zsh_source or fish_source for the script, or unset it"
    raise ConfigError(variable, "is for a shell's script, and asks for what there is not", cure)
