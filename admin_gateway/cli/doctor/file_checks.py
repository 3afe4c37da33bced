"""The checks of `couponctl doctor` of the data directory and its disk."""

import os
import shlex
import shutil
import stat
from pathlib import Path

from admin_gateway.cli.doctor.findings import Findings, fail, ok, warn
from coupon_core.persistence import data_directory
from coupon_core.settings.loader import MASTER_KEY_FILE, Settings, split_keys

GIBIBYTE = 2**30
MIN_FREE_BYTES, CRITICAL_FREE_BYTES = GIBIBYTE, GIBIBYTE // 10


def check_disk(settings: Settings) -> Findings:
    """Check the free space of the data directory."""
    free = shutil.disk_usage(_find_existing(settings.data_dir)).free
    found, advice = (
        f"{free / GIBIBYTE:.1f} GiB free",
        f"Free disk space for {settings.data_dir}.",
    )
    if free >= MIN_FREE_BYTES:
        yield ok("disk", found)
    else:
        yield (fail if free < CRITICAL_FREE_BYTES else warn)("disk", found, advice)


def _find_existing(directory: Path) -> Path:
    """Return the directory, or the one in which a server is going to create it."""
    return next(path for path in (directory, *directory.parents) if path.exists())


def check_data_directory(settings: Settings) -> Findings:
    """Check that the data directory is writable, and closed to other users."""
    name, directory = "data directory", settings.data_dir
    if not os.access(_find_existing(directory), os.W_OK | os.X_OK):
        advice = "Grant this user write permission, or set COUPON_DATA_DIR."
        yield fail(name, f"{directory}: not writable", advice)
    elif not directory.exists():
        yield ok(name, f"{directory}: not created yet")
    elif exposed := list(data_directory.find_exposed(directory)):
        found = f"{exposed[0]}: open to other users ({len(exposed)} such paths)"
        advice = f"Run as its owner: chmod -R go= {shlex.quote(str(directory))}"
        # A closed directory also protects everything below it.
        yield (fail if exposed[0] == directory else warn)(name, found, advice)
    elif (owner_id := directory.stat().st_uid) != os.geteuid():
        advice = (
            "Run all processes and couponctl as that user, or they create files that "
            "the others cannot open."
        )
        yield warn(name, f"{directory}: belongs to the user with ID {owner_id}", advice)
    else:
        yield ok(name, str(directory))


def check_master_key(settings: Settings) -> Findings:
    """Check where the master key is stored and that only this user can read it."""
    name, path = "master key", settings.data_dir / MASTER_KEY_FILE
    if not path.exists() or split_keys(path.read_text()) != settings.master_keys:
        yield ok(name, f"{len(settings.master_keys)} from COUPON_MASTER_KEYS")
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    found = f"{path}, mode {mode:04o}"
    if mode & data_directory.OTHERS_PERMISSIONS:
        yield fail(name, found, f"Run: chmod 600 {path}")
    else:
        yield ok(name, found)
