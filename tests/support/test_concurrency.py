"""Races try again what a slow machine had no time for, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from peewee import OperationalError

from coupon_core.persistence.database import execute, transaction
from coupon_core.settings.loader import Settings
from tests.support.concurrency import Unavailable, run_concurrently

pytestmark = pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)


def wait_in_vain() -> None:
    """Wait for longer than the session permits."""
    with transaction():
        execute("SET LOCAL statement_timeout = 50", {})
        execute("SELECT pg_sleep(20)", {})


def find_no_server() -> None:
    """Fail as without a connection."""
    raise OperationalError("the server has closed the connection")


@pytest.mark.parametrize(
    ("fail", "is_repeated"), [(wait_in_vain, True), (find_no_server, False)]
)
def test_only_what_has_waited_in_vain_is_tried_again(
    core: Settings, fail: Callable[[], None], is_repeated: bool
) -> None:
    tries: list[int] = []

    def fail_once() -> str:
        tries.append(1)
        if len(tries) == 1:
            fail()
        return "done"

    (outcome,) = run_concurrently([fail_once])
    assert isinstance(outcome, Unavailable) != is_repeated
    assert len(tries) == 1 + is_repeated
