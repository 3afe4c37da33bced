"""Backups of a SQLite database: a directory with the copy and its master keys."""

import hashlib
import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import InvalidToken

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence import database, schema, sqlite_backup
from coupon_core.security import encryption
from coupon_core.services import master_keys

DATABASE_FILE, KEY_FILE, MANIFEST_FILE = "coupons.db", "master.key", "backup.json"
UNFINISHED_SUFFIX = ".unfinished"


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
    if directory.exists():
        raise BackupRefused(f"{directory} exists; choose a directory that does not.")
    master_keys.count_secrets_of_older_keys()
    draft = directory.with_name(directory.name + UNFINISHED_SUFFIX)
    if draft.exists():  # of a backup that was interrupted
        shutil.rmtree(draft)
    draft.mkdir(parents=True, mode=0o700)
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
    draft.rename(directory)
    return manifest


def restore_backup(
    directory: Path, target: Path, keys: tuple[str, ...], key_path: Path
) -> dict[str, Any]:
    """Copy a backup to where there is no database, and return its description.

    `keys` are those that are configured. If there are none, those of the backup are
    stored at `key_path`. The database of this process is closed.

    Raises:
        BackupRefused: The backup is damaged, of a newer release, or without its key,
            or there is a database already.
        OSError: A file cannot be read or written to.
    """
    _require_absent(target)
    manifest = _read_manifest(directory)
    draft = target.with_name(target.name + UNFINISHED_SUFFIX)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(directory / DATABASE_FILE, draft)
    try:
        if _hash_file(draft) != manifest.get("sha256"):
            raise BackupRefused(
                f"{directory / DATABASE_FILE} is not the file that was backed up: its "
                "SHA-256 differs. Use another backup."
            )
        key_file = directory / KEY_FILE
        stored_keys = key_file.read_text() if key_file.exists() else ""
        _require_usable(draft, keys or tuple(filter(None, stored_keys.split(","))))
        if not keys:
            key_path.parent.mkdir(parents=True, exist_ok=True)
            _write_file(key_path, stored_keys)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return manifest


def _require_absent(target: Path) -> None:
    # A write-ahead log of another database would be taken for a part of this one.
    for path in (target, Path(f"{target}-wal"), Path(f"{target}-shm")):
        if path.exists():
            raise BackupRefused(
                f"{path} exists. Stop all processes and move it away, with "
                f"{target.name}-wal and {target.name}-shm; then restore again."
            )


def _read_manifest(directory: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((directory / MANIFEST_FILE).read_text())
    except (OSError, ValueError) as error:
        raise BackupRefused(
            f"{directory} is no complete backup: {MANIFEST_FILE} cannot be read."
        ) from error
    return manifest


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
