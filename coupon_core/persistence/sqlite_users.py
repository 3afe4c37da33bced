"""Shows which processes of this machine use a SQLite file, wherever it is now.

A process that serves holds a descriptor whose name contains a hash of the path. It
belongs to no file: it is not moved or deleted with the database, and it ends with the
process.
"""

import glob
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from coupon_core.persistence.connection_pools import SqlitePool
from coupon_core.persistence.tables import database_proxy


def mark_process(program: str) -> int | None:
    """Show that this process uses its file, until the returned descriptor is closed.

    Returns None if the database is no file, and where there are no such descriptors.
    """
    pool = database_proxy.obj
    if not isinstance(pool, SqlitePool):
        return None
    try:
        return os.memfd_create(f"coupons-{program}-{_hash_path(Path(pool.database))}")
    except (AttributeError, OSError):  # not Linux, or forbidden by a sandbox
        return None


def list_processes(path: Path) -> Iterator[str]:
    """Yield the processes that use a file, as far as this user may see them."""
    name = re.compile(rf"/memfd:coupons-(\w+)-{_hash_path(path)} \(deleted\)")
    for descriptor in glob.iglob("/proc/[0-9]*/fd/*"):
        with suppress(OSError):  # it has just been closed, or belongs to another user
            if found := name.fullmatch(os.readlink(descriptor)):
                yield f"{found[1]} (process {descriptor.split('/')[2]})"


def _hash_path(path: Path) -> str:
    # The file may be missing, or a link that was changed; its directory counts.
    place = path.parent.resolve() / path.name
    return hashlib.sha256(os.fsencode(place)).hexdigest()
