"""Detects files that other users can read or write, by their modes and those of their directories."""

import grp
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path


def others_read(path: Path) -> bool:
    """Whether other users can read a file; False if unknown."""
    with suppress(OSError):
        return _has_access(path.resolve(), stat.S_IRGRP, stat.S_IROTH)
    return False


def others_write(path: Path) -> bool:
    """Whether other users can write or replace a file; False if unknown."""
    with suppress(OSError):
        file = path.resolve()
        if file.stat().st_uid not in (0, os.getuid()) or _has_access(file, stat.S_IWGRP, stat.S_IWOTH):
            return True
        at = file.parent.stat()
        return not at.st_mode & stat.S_ISVTX and _has_access(file.parent, stat.S_IWGRP, stat.S_IWOTH)
    return False


def _has_access(path: Path, group: int, others: int) -> bool:
    """Whether group or others have this permission, and can pass the directories above."""
    at = path.stat()
    way = [parent.stat().st_mode for parent in path.parents]
    if at.st_mode & others and all(mode & stat.S_IXOTH for mode in way):
        return True
    shared = at.st_mode & group and not _is_own(at.st_gid, at.st_uid)
    return bool(shared) and all(mode & (stat.S_IXGRP | stat.S_IXOTH) for mode in way)


def _is_own(group: int, user: int) -> bool:
    """Whether a group is the private group of its user."""
    try:
        owner, members = pwd.getpwuid(user).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return members.gr_name == owner and not {*members.gr_mem} - {owner}
