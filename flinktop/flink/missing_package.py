"""The command that installs a missing package, for each kind of Python environment."""

import shlex
import shutil
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

_NEW_VENV = "~/.flinktop-venv"  # new environment for a Python that takes no packages


def install_command(*requirements: str, options: tuple[str, ...] = ()) -> str:
    """The shell command that installs packages for this interpreter; `options` are pip's.

    A Python managed by the system (Debian's) takes none: then the command makes an environment that sees
    the system's packages, and starts flinktop there.
    """
    packages = shlex.join(requirements)
    wanted = shlex.join((*options, *requirements))
    python = shlex.quote(sys.executable)
    prefix = Path(sys.prefix)
    if (prefix / "pipx_metadata.json").exists():
        forced = " --force" if options else ""
        return f"pipx inject{forced} {shlex.quote(prefix.name)} {packages}"
    own = sys.prefix != sys.base_prefix
    if find_spec("pip") is not None and (own or not _managed()):
        return f"{python} -m pip install {wanted}"
    if own and (shutil.which("uv") is not None or not find_spec("ensurepip")):
        again = " --reinstall" if options else ""
        return f"uv pip install{again} --python {python} {packages}"
    if own:
        return f"{python} -m ensurepip && {python} -m pip install {wanted}"
    return (
        f"{python} -m venv --system-site-packages {_NEW_VENV} && {_NEW_VENV}/bin/pip install {wanted} "
        f"&& {_NEW_VENV}/bin/python -m flinktop"
    )


def _managed() -> bool:
    """Whether packages of this Python are installed by the system (PEP 668)."""
    return (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").exists()
