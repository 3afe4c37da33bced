"""Tests that other users of the machine can neither read nor lock what is stored."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from coupon_core.persistence.data_directory import find_exposed
from coupon_core.settings import loader
from tests.factories.tenant import create_tenant
from tests.support.concurrency import started_core
from tests.support.databases import migrate_database

NOBODY = 65_534
# Prints each path that it can open; what cannot be opened cannot be locked either.
INTRUDER = 'for path; do (exec 9<"$path") 2>/dev/null && echo "$path"; done; true'


@pytest.fixture
def data_directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a data directory as an earlier release left it, open to other users.

    Those of pytest are below a directory that is closed itself.
    """
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    directory = place / "var"
    (directory / "bus").mkdir(parents=True)
    (directory / "bus" / "bus.log").touch()
    for path in (directory, directory / "bus", directory / "bus" / "bus.log"):
        path.chmod(0o755)
    monkeypatch.setenv("COUPON_DATA_DIR", str(directory))
    yield directory
    shutil.rmtree(place)


def use_everything(directory: Path) -> list[str]:
    """Start a process on the directory, write to its database, and list all paths."""
    settings = loader.load()
    migrate_database(settings.database_url)
    with started_core(settings):
        create_tenant()
        return [str(path) for path in (directory, *directory.rglob("*"))]


def test_nothing_is_open_to_other_users(data_directory: Path) -> None:
    names = {Path(path).name for path in use_everything(data_directory)}
    assert names >= {"master.key", "bus.password", "coupons.db", "coupons.db-turn"}
    assert not list(find_exposed(data_directory))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_another_user_can_neither_read_nor_lock_anything(data_directory: Path) -> None:
    paths = use_everything(data_directory)
    opened = subprocess.run(
        ["/bin/sh", "-c", INTRUDER, "sh", "/bin/sh", *paths],
        capture_output=True,
        text=True,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        cwd="/",
    )
    assert opened.stdout.splitlines() == ["/bin/sh"]  # which everybody can read


def test_a_directory_that_cannot_be_searched_is_no_error(data_directory: Path) -> None:
    (data_directory / "bus").chmod(0o444)
    user_id = os.geteuid()
    if user_id == 0:  # permissions do not apply to root
        os.seteuid(NOBODY)
    try:
        exposed = list(find_exposed(data_directory))
    finally:
        os.seteuid(user_id)
    assert exposed == [data_directory, data_directory / "bus"]
    (data_directory / "bus").chmod(0o755)


def test_a_shared_directory_is_left_as_it_is(data_directory: Path) -> None:
    data_directory.chmod(0o1777)
    use_everything(data_directory)
    assert data_directory.stat().st_mode & 0o7777 == 0o1777


def test_a_link_to_the_directory_is_followed(
    data_directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With DynamicUser, systemd makes the state directory of a service a link."""
    link = data_directory.with_name("link")
    link.symlink_to(data_directory)
    monkeypatch.setenv("COUPON_DATA_DIR", str(link))
    for count in (1, 0):
        use_everything(link)
        assert not list(find_exposed(data_directory))
        assert capfd.readouterr().err.count("restricted to its owner") == count
