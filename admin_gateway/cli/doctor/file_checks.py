"""The checks of `couponctl doctor` of the data directory and its disk."""

import os
import shlex
import shutil
import stat
from pathlib import Path

from admin_gateway.cli.doctor.findings import Finding, Findings, Level
from coupon_core.persistence import data_directory
from coupon_core.settings.loader import MASTER_KEY_FILE, Settings, split_keys

GIBIBYTE = 2**30
# Level of the finding if fewer bytes than this are free; the first match counts.
FREE_SPACE_THRESHOLDS: tuple[tuple[Level, int], ...] = (
    ("fail", GIBIBYTE // 10),
    ("warn", GIBIBYTE),
)


def check_disk(settings: Settings) -> Findings:
    """Check the free space of the data directory."""
    free = shutil.disk_usage(_find_existing(settings.data_dir)).free
    level: Level = next(
        (level for level, min_free in FREE_SPACE_THRESHOLDS if free < min_free), "ok"
    )
    advice = "" if level == "ok" else f"Free disk space for {settings.data_dir}."
    yield Finding("disk", level, found=f"{free / GIBIBYTE:.1f} GiB free", advice=advice)


def _find_existing(directory: Path) -> Path:
    """Return the directory, or the one in which a server is going to create it."""
    return next(path for path in (directory, *directory.parents) if path.exists())


def check_data_directory(settings: Settings) -> Findings:
    """Check that the data directory is writable, and closed to other users."""
    directory = settings.data_dir
    if not os.access(_find_existing(directory), os.W_OK | os.X_OK):
        advice = "Grant this user write permission, or set COUPON_DATA_DIR."
        yield Finding(
            "data directory", "fail", found=f"{directory}: not writable", advice=advice
        )
    elif not directory.exists():
        yield Finding("data directory", "ok", found=f"{directory}: not created yet")
    elif exposed := list(data_directory.find_exposed(directory)):
        found = f"{exposed[0]}: open to other users ({len(exposed)} such paths)"
        advice = f"Run as its owner: chmod -R go= {shlex.quote(str(directory))}"
        # A closed directory also protects everything below it.
        level: Level = "fail" if exposed[0] == directory else "warn"
        yield Finding("data directory", level, found=found, advice=advice)
    elif (owner_id := directory.stat().st_uid) != os.geteuid():
        found = f"{directory}: belongs to the user with ID {owner_id}"
        advice = (
            "Run all processes and couponctl as that user, or they create files that "
            "the others cannot open."
        )
        yield Finding("data directory", "warn", found=found, advice=advice)
    else:
        yield Finding("data directory", "ok", found=str(directory))


def check_master_key(settings: Settings) -> Findings:
    """Check where the master key is stored and that only this user can read it."""
    path = settings.data_dir / MASTER_KEY_FILE
    if not path.exists() or split_keys(path.read_text()) != settings.master_keys:
        count = len(settings.master_keys)
        yield Finding("master key", "ok", found=f"{count} from COUPON_MASTER_KEYS")
        return
    yield _check_file_mode(path)


def _check_file_mode(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    found = f"{path}, mode {mode:04o}"
    if mode & data_directory.OTHERS_PERMISSIONS:
        return Finding(
            "master key", "fail", found=found, advice=f"Run: chmod 600 {path}"
        )
    return Finding("master key", "ok", found=found)
