"""`couponctl generate` for batches, and `couponctl batch`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.cli_runner import CouponctlRunner

ACME = "--tenant", "acme"


def request_batch(
    runner: CouponctlRunner, count: int, *arguments: str
) -> dict[str, Any]:
    options = "--definition", runner.create_definition(), "--count", str(count)
    return runner.json("generate", *ACME, *options, *arguments)


def test_many_coupons_are_made_without_workers_as_well(
    acme_cli: CouponctlRunner,
) -> None:
    batch = request_batch(acme_cli, 12_345)
    assert (batch["state"], batch["generated"]) == ("completed", 12_345)
    shown = acme_cli.json("batch", "show", *ACME, batch["batch_id"])
    assert shown == batch
    assert acme_cli.json("batch", "watch", *ACME, batch["batch_id"]) == batch


def test_a_detached_batch_waits_for_the_workers_and_can_be_cancelled(
    acme_cli: CouponctlRunner,
) -> None:
    batch = request_batch(acme_cli, 2_000, "--detach")
    assert (batch["state"], batch["generated"]) == ("pending", 0)
    listed = acme_cli.json("batch", "list", *ACME, "--state", "pending")
    assert listed == {"batches": [batch], "total": 1}
    cancelled = acme_cli.json("batch", "cancel", *ACME, batch["batch_id"])
    assert cancelled["state"] == "cancelled"


def test_who_stops_looking_leaves_the_batch_to_the_workers(
    acme_cli: CouponctlRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = request_batch(acme_cli, 2_000, "--detach")

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    arguments = "batch", "watch", *ACME, batch["batch_id"]
    result = acme_cli.run(*arguments)
    assert result.exit_code == 0
    assert "couponctl batch watch" in result.stderr
    assert acme_cli.json("batch", "show", *ACME, batch["batch_id"]) == batch


def test_patterns_and_their_room_from_a_shell(acme_cli: CouponctlRunner) -> None:
    options = "--pattern", "SUMMER-####-????", "--check"
    definition_id = acme_cli.create_definition("Summer", *options)
    (coupon,) = acme_cli.generate_coupons(definition_id, "ann")
    assert len(coupon["code"]) == len("SUMMER-####-????") + 1
    capacity = acme_cli.json("definition", "capacity", *ACME, definition_id)
    assert (capacity["used"], capacity["space"]) == (1, 8**4 * 23**4 * 31 // 36)
