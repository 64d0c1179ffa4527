"""The jars in flinktop/local: nobody reads what is in them, so they are held against their sources."""

import hashlib
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from flinktop.local import samples
from flinktop.local.packages import LocalError, find_home
from flinktop.local.processes import FlinkHome, class_path

LOCAL = Path(samples.__file__).parent
# The jar, its SHA-256, and the sources that are in it.
JARS = {
    "keys.jar": (
        "3c70cfb6b426d99fbb7a1c3055175f39984c9a207e7f05dacf10c59592520b46",
        ("Keys",),
    ),
    "samples.jar": (
        "726fc7703b4253702dfa2e992b851c6a1dd8c16413ced2b166ef791d16417435",
        ("Pause", "Samples"),
    ),
}
JAVA = 17
"""The oldest release that has to run them, and the one of the compiler that made them."""


def classes(jar: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(jar) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".class")}


@pytest.mark.parametrize("jar", JARS)
def test_a_jar_is_the_one_that_was_built_from_its_sources(jar: str) -> None:
    digest, sources = JARS[jar]
    assert hashlib.sha256((LOCAL / jar).read_bytes()).hexdigest() == digest
    assert set(classes(LOCAL / jar)) == {f"flinktop/{source}.class" for source in sources}
    for code in classes(LOCAL / jar).values():
        assert int.from_bytes(code[6:8], "big") == 44 + JAVA  # as a class file numbers it


def test_there_is_no_other_jar() -> None:
    assert {path.name for path in LOCAL.glob("*.jar")} == set(JARS)


def installed() -> FlinkHome:
    try:
        return find_home()
    except LocalError as error:
        pytest.skip(str(error))


def disassembled(files: list[Path]) -> list[str]:
    """The code without its numbers of constants, which compilers give out in orders of their own."""
    told = subprocess.run(["javap", "-c", "-p", *files], capture_output=True, text=True, check=True)  # noqa: S607  where a JDK lies differs
    return [re.sub(r"#\d+(, +\d+)?", "#", line).rstrip() for line in told.stdout.splitlines()]


@pytest.mark.deep
@pytest.mark.skipif(shutil.which("javac") is None, reason="there is no JDK; the jars' SHA-256 are checked")
@pytest.mark.parametrize("jar", JARS)
def test_a_jar_built_anew_is_the_same(jar: str, tmp_path: Path) -> None:
    _, sources = JARS[jar]
    files = [LOCAL / f"{source}.java" for source in sources]
    words = ["--release", str(JAVA), "-cp", class_path(installed()), "-d", str(tmp_path)]
    subprocess.run(["javac", *words, *files], check=True)  # noqa: S607  where a JDK lies differs
    built = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*.class")}
    kept = classes(LOCAL / jar)
    assert set(built) == set(kept)
    if built != kept:
        # Another release of the compiler may write the same code in other bytes.
        for name, code in kept.items():
            (tmp_path / "kept" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "kept" / name).write_bytes(code)
        names = sorted(kept)
        assert disassembled([tmp_path / name for name in names]) == disassembled(
            [tmp_path / "kept" / name for name in names]
        )
