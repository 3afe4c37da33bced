"""Batches from a shell: made here, left to the workers, looked at, ended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.cli_runner import CouponctlRunner

OF_ACME = "--tenant", "acme"


def ask(acme: CouponctlRunner, count: int, *words: str) -> dict[str, Any]:
    of = "--definition", acme.create_definition(), "--count", str(count)
    return acme.json("generate", *OF_ACME, *of, *words)


def test_many_coupons_are_made_without_workers_as_well(
    acme_cli: CouponctlRunner,
) -> None:
    batch = ask(acme_cli, 12_345)
    assert (batch["state"], batch["generated"]) == ("completed", 12_345)
    shown = acme_cli.json("batch", "show", *OF_ACME, batch["batch_id"])
    assert shown == batch
    assert acme_cli.json("batch", "watch", *OF_ACME, batch["batch_id"]) == batch


def test_a_detached_batch_waits_for_the_workers_and_can_be_cancelled(
    acme_cli: CouponctlRunner,
) -> None:
    batch = ask(acme_cli, 2_000, "--detach")
    assert (batch["state"], batch["generated"]) == ("pending", 0)
    listed = acme_cli.json("batch", "list", *OF_ACME, "--state", "pending")
    assert listed == {"batches": [batch], "total": 1}
    cancelled = acme_cli.json("batch", "cancel", *OF_ACME, batch["batch_id"])
    assert cancelled["state"] == "cancelled"


def test_who_stops_looking_leaves_the_batch_to_the_workers(
    acme_cli: CouponctlRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = ask(acme_cli, 2_000, "--detach")

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    words = "batch", "watch", *OF_ACME, batch["batch_id"]
    result = acme_cli.run(*words)
    assert result.exit_code == 0
    assert "It goes on: couponctl batch watch" in result.stderr
    assert acme_cli.json("batch", "show", *OF_ACME, batch["batch_id"]) == batch


def test_patterns_and_their_room_from_a_shell(acme_cli: CouponctlRunner) -> None:
    options = "--pattern", "SUMMER-####-????", "--check"
    made = acme_cli.create_definition("Summer", *options)
    (coupon,) = acme_cli.generate_coupons(made, "ann")
    assert len(coupon["code"]) == len("SUMMER-####-????") + 1
    room = acme_cli.json("definition", "capacity", *OF_ACME, made)
    assert (room["used"], room["space"]) == (1, 8**4 * 23**4 * 31 // 36)
