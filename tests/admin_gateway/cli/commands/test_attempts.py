"""Tests of `couponctl code attempts`."""

from __future__ import annotations

from pathlib import Path

from coupon_core.domain.models import utc_now
from coupon_core.services.insight import attempt_flush
from tests.support.attempts import collect_failure
from tests.support.cli_runner import CouponctlRunner
from tests.support.concurrency import started_core
from tests.support.settings import build_settings


def test_attempts_are_listed_by_code(cli: CouponctlRunner, tmp_path: Path) -> None:
    cli.create_tenant()
    with started_core(build_settings(cli.env["COUPON_DATABASE_URL"], tmp_path)):
        for code in ("NOSUCHCODE", "OTHERCODE"):
            collect_failure("acme", utc_now(), code)
        attempt_flush.flush()
    listing = "code", "attempts", "--tenant", "acme"
    (found,) = cli.json(*listing, "--code", "nosuchcode")["attempts"]
    assert (found["masked_code"], found["user_id"]) == ("NO*******E", "ann")
    assert "COUPON_NOT_FOUND" in cli.run(*listing).output
    assert cli.json(*listing, "--user", "bob")["attempts"] == []
    cli.expect_usage_error(*listing, "--action", "steal")
