"""`flinktop completion`: a script for a shell that completes commands, options and names of clusters.

It is made by shtab from the parser that flinktop itself uses. Names of clusters are asked for when they are
completed, of `flinktop clusters --names`.
"""

# ruff: noqa: T201 -- this module prints

import argparse
from collections.abc import Iterator
from typing import Any, Final

import shtab

from flinktop.allowed import COMMANDS, THEMES
from flinktop.column_names import TABLES
from flinktop.command_line import parser_of_all
from flinktop.demo.names import RELEASES, SHOWS
from flinktop.headless.args import DONE, SHELLS, CompletionArgs
from flinktop.headless.journal_args import KINDS

NAMES: Final = "flinktop clusters --names 2>/dev/null"
# A name is never expanded by the shell, as shtab's own way would do, and is quoted where it is put in.
BASH: Final = f"""\
_flinktop_clusters() {{
  local name
  while IFS= read -r name; do
    [[ "$name" == "$1"* ]] && printf '%q\\n' "$name"
  done < <({NAMES})
}}
"""
ZSH: Final = f"""\
_flinktop_clusters() {{
  local -a names
  names=(${{(f)"$({NAMES})"}})
  _describe 'clusters' names
}}
"""
CLUSTERS: Final = {
    "bash": "_flinktop_clusters",
    "zsh": "_flinktop_clusters",
    "fish": f"({NAMES})",
    "preamble": {"bash": BASH, "zsh": ZSH},
}
ZSH_FIRST_WORD: Final = f"""\
functions[_flinktop_commands]=$functions[_shtab_flinktop_commands]
_shtab_flinktop_commands() {{
  _flinktop_commands
  _flinktop_clusters
}}
functions[_flinktop_arguments]=$functions[_shtab_flinktop]
_shtab_flinktop() {{
  if (( CURRENT > 2 )) && [[ $words[2] != (-*|{"|".join(COMMANDS)}) ]]; then
    words=($words[1] open "${{(@)words[2,-1]}}")
    (( CURRENT += 1 ))
  fi
  _flinktop_arguments
}}
"""
FIRST_WORD: Final = {
    "bash": "_shtab_flinktop_pos_0_COMPGEN=_flinktop_clusters\n",
    "zsh": ZSH_FIRST_WORD,
    "fish": "",
}
"""A cluster may stand where a command does, as `open` is optional."""
FISH_FIRST_WORD: Final = (
    "complete -c flinktop -n '_shtab_flinktop_using; and test $_shtab_flinktop_npos -eq 0' "
    f'-ka "({NAMES})" -d cluster'
)
CHOICES: Final = {
    "SCENARIO": tuple(SHOWS),
    "VERSION": RELEASES,
    "TABLE": tuple(table.name for table in TABLES),
    "KIND": KINDS,
    "SHELL": SHELLS,
    "theme": THEMES,
}
"""The values of an argument, by its name in the help or its own."""


def run_completion(args: CompletionArgs) -> int:
    """Print the script for a shell."""
    print(script(args.shell))
    return DONE


def script(shell: str) -> str:
    """The script for a shell: bash, zsh or fish."""
    parser = parser_of_all()
    for action in _actions(parser):
        if isinstance(action.choices, dict):
            _described_shortly(action)
        elif (values := CHOICES.get(action.metavar or "") or CHOICES.get(action.dest)) is not None:
            action.choices, action.help = values, (action.metavar or action.dest).lower()
        elif action.metavar == "TARGET":
            # How shtab is told.
            action.complete, action.help = CLUSTERS, "cluster"
        elif action.metavar == "FILE":
            action.complete = shtab.FILE
    made = shtab.complete(parser, shell, preamble=FIRST_WORD[shell])
    return f"{made}\n{FISH_FIRST_WORD}" if shell == "fish" else made


def _actions(parser: argparse.ArgumentParser) -> Iterator[Any]:
    """The arguments of a parser and of its commands."""
    # argparse has no public list of them.
    for action in parser._actions:  # noqa: SLF001
        yield action
        if isinstance(action.choices, dict):
            for command in action.choices.values():
                yield from _actions(command)


def _described_shortly(commands: Any) -> None:
    """Describe each command by its line in `flinktop --help`: its own help begins with a paragraph."""
    for listed in commands._choices_actions:  # noqa: SLF001 -- likewise
        commands.choices[listed.dest].description = listed.help
