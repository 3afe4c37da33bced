"""The data directory: only its owner may read, change or lock what it contains."""

import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import structlog

log = structlog.get_logger("coupon.data")

OTHERS_PERMISSIONS = stat.S_IRWXG | stat.S_IRWXO


def restrict_new_files() -> None:
    """Let this process create files and directories only for its own user."""
    os.umask(OTHERS_PERMISSIONS)


def is_exposed(path: Path) -> bool:
    """Return True if other users have any permission for the path itself."""
    return bool(path.lstat().st_mode & OTHERS_PERMISSIONS)


def find_exposed(directory: Path) -> Iterator[Path]:
    """Yield the directory and its contents as far as other users have permissions."""
    contents = (
        Path(parent, name)
        for parent, directories, files in os.walk(directory)
        for name in (*directories, *files)
    )
    for path in itertools.chain([directory], contents):
        with suppress(OSError):  # the bus replaces its files, or it is another user's
            if is_exposed(path) and not path.is_symlink():
                yield path


def restrict(directory: Path) -> None:
    """Withdraw the permissions of other users, if the directory lets them in.

    Versions before this one created directories and files that others could read.
    """
    if not directory.is_dir() or not is_exposed(directory):
        return
    if directory.stat().st_mode & stat.S_ISVTX:
        log.warning("data directory is shared, not restricted", path=str(directory))
        return
    # The directory comes first, so that others cannot replace its contents.
    results = [_restrict_path(path) for path in find_exposed(directory)]
    log.warning(
        "data directory restricted to its owner",
        path=str(directory),
        changed=results.count(True),
        failed=results.count(False),
    )


def _restrict_path(path: Path) -> bool:
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OTHERS_PERMISSIONS)
    except OSError:  # it belongs to another user, or has just been deleted
        return False
    return True
