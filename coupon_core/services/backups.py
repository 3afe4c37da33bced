"""Backups of a SQLite database: a directory with the copy and its master keys."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.fernet import InvalidToken

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence import database, schema, sqlite_backup, sqlite_users
from coupon_core.security import encryption
from coupon_core.services import master_keys

DATABASE_FILE, KEY_FILE, MANIFEST_FILE = "coupons.db", "master.key", "backup.json"
UNFINISHED_SUFFIX = ".unfinished-"


class BackupRefused(Exception):
    """A backup was not created or not restored; the message says why."""


def create_backup(
    directory: Path, now: datetime, keys: tuple[str, ...]
) -> dict[str, Any]:
    """Copy the database of this process to a new directory and return its description.

    `keys` are stored beside it, unless there are none. The directory appears only when
    it is complete.

    Raises:
        BackupRefused: The directory exists, or the database is damaged.
        cryptography.fernet.InvalidToken: The loaded keys do not decrypt the secrets.
        OSError: The directory cannot be written to.
    """
    _require_new(directory)
    master_keys.count_secrets_of_older_keys()
    with _create_scratch_directory(directory) as scratch:
        draft = scratch / directory.name
        draft.mkdir(mode=0o700)
        manifest = _write_backup(draft, now, keys)
        _require_new(directory)
        draft.rename(directory)
    return manifest


def _require_new(directory: Path) -> None:
    if os.path.lexists(directory):
        raise BackupRefused(f"{directory} exists; choose a directory that does not.")


@contextmanager
def _create_scratch_directory(target: Path) -> Iterator[Path]:
    """Yield a directory on the same disk as `target`, for this call only.

    It is deleted afterwards, so that nothing is left if the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = target.name + UNFINISHED_SUFFIX
    with TemporaryDirectory(prefix=prefix, dir=target.parent) as name:
        yield Path(name)


def _write_backup(draft: Path, now: datetime, keys: tuple[str, ...]) -> dict[str, Any]:
    try:
        sqlite_backup.copy_database(draft / DATABASE_FILE)
    except sqlite_backup.DamagedDatabase as error:
        raise BackupRefused(f"The database is damaged: {error}.") from error
    if keys:
        _write_file(draft / KEY_FILE, ",".join(keys))
    manifest = {
        "created_at": format_timestamp_milliseconds(now),
        "migration": schema.list_applied_migrations()[-1],
        "bytes": (draft / DATABASE_FILE).stat().st_size,
        "sha256": _hash_file(draft / DATABASE_FILE),
    }
    _write_file(draft / MANIFEST_FILE, json.dumps(manifest, indent=2))
    return manifest


def restore_backup(
    directory: Path, target: Path, keys: tuple[str, ...], key_path: Path
) -> dict[str, Any]:
    """Copy a backup to where there is no database, and return its description.

    `keys` are those that are configured. If there are none, those of the backup are
    stored at `key_path`. The database of this process is closed.

    Raises:
        BackupRefused: The backup is damaged, of a newer release, or without its key,
            there is a database already, or processes use one that was there.
        OSError: A file cannot be read or written to.
    """
    _require_unused(target)
    manifest = _read_manifest(directory)
    usable_keys = keys or _read_keys(directory)
    with _create_scratch_directory(target) as scratch:
        draft = scratch / target.name
        shutil.copyfile(directory / DATABASE_FILE, draft)
        if _hash_file(draft) != manifest.get("sha256"):
            raise BackupRefused(
                f"{directory / DATABASE_FILE} is not the file that was backed up: its "
                "SHA-256 differs. Use another backup."
            )
        _require_usable(draft, usable_keys)
        if not keys:
            key_path.parent.mkdir(parents=True, exist_ok=True)
            _write_file(key_path, ",".join(usable_keys))
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        _require_unused(target)
        draft.rename(target)
    return manifest


def _require_unused(target: Path) -> None:
    if processes := sorted(sqlite_users.list_processes(target)):
        raise BackupRefused(
            f"Processes use {target}, or the file that was there before: "
            f"{', '.join(processes)}. What they write would be missing afterwards. "
            "Stop the `couponctl serve` they belong to; then restore again."
        )
    # A write-ahead log of another database would be taken for a part of this one.
    for path in (target, Path(f"{target}-wal"), Path(f"{target}-shm")):
        if os.path.lexists(path):
            raise BackupRefused(
                f"{path} exists. Stop all processes and move it away, with "
                f"{target.name}-wal and {target.name}-shm; then restore again."
            )


def _read_manifest(directory: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((directory / MANIFEST_FILE).read_text()))
    except (OSError, TypeError, ValueError) as error:
        raise BackupRefused(
            f"{directory} is no complete backup: {MANIFEST_FILE} cannot be read."
        ) from error


def _read_keys(directory: Path) -> tuple[str, ...]:
    path = directory / KEY_FILE
    text = path.read_text(errors="replace").strip() if path.exists() else ""
    keys = tuple(filter(None, text.split(",")))
    if not all(map(encryption.is_master_key, keys)):
        raise BackupRefused(
            f"{path} is damaged: expected master keys, separated by commas. Set "
            "COUPON_MASTER_KEYS to the key that was used when it was created."
        )
    return keys


def _require_usable(path: Path, keys: tuple[str, ...]) -> None:
    """Refuse a database that this release, or these keys, cannot read."""
    if not keys:
        raise BackupRefused(
            "The backup has no master key, so set COUPON_MASTER_KEYS to the key that "
            "was used when it was created."
        )
    encryption.load_keys(keys)
    database.open_database(f"sqlite:///{path}")
    try:
        if breaking_migration := schema.find_breaking_migration():
            raise BackupRefused(
                f"The backup is of a newer release ({breaking_migration}). Restore it "
                "with that release."
            )
        master_keys.count_secrets_of_older_keys()
    except InvalidToken as error:
        raise BackupRefused(
            "The backup is encrypted with another master key than COUPON_MASTER_KEYS "
            "or the key file of this machine. Set the key that was used when it was "
            "created, or none, to use the one in the backup."
        ) from error
    finally:
        database.close_database()


def _write_file(path: Path, text: str) -> None:
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
