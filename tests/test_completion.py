"""The scripts of `flinktop completion`, run by the shells that they are for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import flinktop
from flinktop.cli import main
from flinktop.completion import script
from tests.terminal.pty import Pty

ROOT = Path(flinktop.__file__).parent.parent
NAMES = ("prod-eu", "prod$(touch$IFS`id`owned)", "it's", "café*")
"""Clusters of the config: names that a shell would expand."""
SHELLS = ("bash", "zsh", "fish")
COMPLETED = [
    ("flinktop sav", {"savepoint"}),
    ("flinktop prod", {*NAMES[:2]}),
    ("flinktop status ", {*NAMES}),
    ("flinktop status prod-eu it", {"it's"}),
    ("flinktop cancel --target ca", {"café*"}),
    ("flinktop cancel orders --y", {"--yes"}),
    ("flinktop prod-eu --read", {"--read-only"}),
    ("flinktop --ascii clusters --no", {"--no-ask", "--no-color"}),
    ("flinktop demo sk", {"skew"}),
    ("flinktop --theme li", {"light"}),
    ("flinktop journal --kind cluster-", {"cluster-lost", "cluster-back"}),
    ("flinktop columns taskm", {"taskmanagers"}),
    ("flinktop completion fi", {"fish"}),
    # Jobs are not known without asking the cluster.
    ("flinktop cancel ", set()),
]


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A flinktop on the PATH with clusters of odd names in its config."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "flinktop"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m flinktop "$@"\n')
    program.chmod(0o755)
    config = tmp_path / ".config" / "flinktop" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("".join(f'[clusters."{name}"]\nurl = "http://h:1"\n' for name in NAMES), "utf-8")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    return {"HOME": str(tmp_path), "PATH": path, "LANG": "C.UTF-8", "TERM": "xterm", "PS1": "> "}


@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs(shell)) for shell in SHELLS])
def test_a_script_is_right_for_its_shell(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    file = tmp_path / "script"
    file.write_text(capsys.readouterr().out)
    done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "tcsh"]) == 2
    assert "bash" in capsys.readouterr().err


def completed(shell: str, lines: list[str], environ: dict[str, str], tmp_path: Path) -> list[set[str]]:
    """What a shell completes at the end of each line, one process for all."""
    (tmp_path / "script").write_text(script(shell), encoding="utf-8")
    begin = [f"source {tmp_path / 'script'}"]
    if shell == "bash":
        for line in lines:
            words = line.split(" ")
            quoted = " ".join(f"'{word}'" for word in words)
            begin += [
                f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _shtab_flinktop 2>/dev/null",
                "printf '%s\\n' \"${COMPREPLY[@]}\"; echo ==",
            ]
    else:
        for line in lines:
            begin += [f"complete -C '{line}'", "echo =="]
    done = subprocess.run(
        [shell, "-c", "\n".join(begin)],
        env=environ,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    blocks = done.stdout.split("==\n")[:-1]
    return [{line.partition("\t")[0] for line in block.splitlines() if line} for block in blocks]


@pytest.mark.deep
@needs("bash")
def test_bash_completes(environ: dict[str, str], tmp_path: Path) -> None:
    found = completed("bash", [line for line, _ in COMPLETED], environ, tmp_path)
    # What is put into the line is quoted, unlike an option.
    plain = [{re.sub(r"\\(.)", r"\1", one) for one in ones} for ones in found]
    assert dict(zip((line for line, _ in COMPLETED), plain, strict=True)) == dict(COMPLETED)
    assert "it\\'s" in found[2]
    assert not [*tmp_path.glob("*owned*")]


@needs("fish")
def test_fish_completes(environ: dict[str, str], tmp_path: Path) -> None:
    # fish offers the files of the directory where it has nothing else; here there are only these.
    lines = [line for line, _ in COMPLETED]
    found = completed("fish", lines, environ, tmp_path)
    assert dict(zip(lines, found, strict=True)) == dict(COMPLETED)
    assert not [*tmp_path.glob("*owned*")]


@needs("zsh")
@pytest.mark.deep
@pytest.mark.parametrize("loaded", ["eval", "fpath"])
def test_zsh_completes(loaded: str, environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin" / "_flinktop").write_text(script("zsh"), encoding="utf-8")
    begin = "autoload -U compinit; compinit -u -D"
    if loaded == "eval":
        begin = f'{begin}; eval "$(cat bin/_flinktop)"'
    else:
        begin = f"fpath=({tmp_path / 'bin'} $fpath); {begin}"
    with Pty(["zsh", "-f", "-i"], environ=environ, cwd=tmp_path) as pty:
        pty.write(f"{begin}; unsetopt list_beep; echo REA''DY\r")
        pty.wait_for("READY")
        for typed, seen in (
            ("flinktop sav\t", "flinktop savepoint"),
            ("flinktop it\t", r"flinktop it\'s"),
            ("flinktop status ca\t", r"flinktop status café\*"),
            ("flinktop cancel --target prod-\t", "flinktop cancel --target prod-eu"),
            ("flinktop prod-eu --read\t", "flinktop prod-eu --read-only"),
            ("flinktop demo sk\t", "flinktop demo skew"),
            ("flinktop columns taskm\t", "flinktop columns taskmanagers"),
        ):
            pty.write(typed)
            pty.wait_for(seen)
            pty.write("\x15")
            pty.wait_until_gone(seen)
    assert not [*tmp_path.glob("*owned*")]


@pytest.mark.deep
def test_names_come_quickly(environ: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / ".config" / "flinktop" / "config.toml"
    config.write_text("".join(f'[clusters.c{at}]\nurl = "http://h:1"\n' for at in range(300)))
    words = [str(tmp_path / "bin" / "flinktop"), "clusters", "--names"]
    told = {**environ, "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(words, env=told, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 300
    # Waited for at a key: what takes long to import is left alone.
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "flinktop" in imported
    assert not imported & {"textual", "rich", "httpx", "plotext", "asyncio", "sqlite3"}
