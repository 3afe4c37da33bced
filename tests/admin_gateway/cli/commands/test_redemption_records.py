"""Tests of `couponctl redemption`, and of metadata on the command line."""

from __future__ import annotations

from tests.support.cli_runner import CouponctlRunner

METADATA = '{"season": "winter", "wave": 2}'
PARSED_METADATA = {"season": "winter", "wave": 2}


def redeem_with_note(cli: CouponctlRunner) -> str:
    """Redeem a coupon with a reference and metadata; return its code."""
    definition_id = cli.create_definition()
    (coupon,) = cli.json(
        *("generate", "--tenant", "acme", "--definition", definition_id),
        *("--user", "ann", "--metadata", METADATA),
    )["coupons"]
    cli.json(
        *("redeem", "--tenant", "acme", coupon["code"], "--user", "ann"),
        *("--reference", "order-1", "--metadata", METADATA),
    )
    return coupon["code"]


def test_redemptions_are_listed_and_shown(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    code = redeem_with_note(cli)
    listing = "redemption", "list", "--tenant", "acme"
    (found,) = cli.json(*listing, "--reference", "order-1")["redemptions"]
    assert (found["code"], found["metadata"]) == (code, PARSED_METADATA)
    shown = cli.json(
        "redemption", "show", "--tenant", "acme", str(found["redemption_id"])
    )
    assert shown == found
    assert cli.json(*listing, "--user", "bob")["redemptions"] == []
    cli.expect_usage_error(*listing, "--from", "yesterday")
    cli.expect_refusal("redemption", "show", "--tenant", "acme", "1", status=4)


def test_metadata_is_set_and_filtered(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    definition_id = cli.create_definition("Welcome", "--metadata", METADATA)
    listing = "definition", "list", "--tenant", "acme", "--metadata"
    (found,) = cli.json(*listing, "wave=2")["definitions"]
    assert (found["id"], found["metadata"]) == (definition_id, PARSED_METADATA)
    assert cli.json(*listing, "wave=3")["definitions"] == []
    assert "expected KEY=VALUE" in cli.expect_usage_error(*listing, "wave")


def test_the_metadata_of_a_coupon_is_replaced(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    code = redeem_with_note(cli)
    update = "coupon", "update", "--tenant", "acme", "--code", code
    changed = cli.json(*update, "--metadata", '{"wave": 3}')
    assert changed["metadata"] == {"wave": 3}
    cli.expect_usage_error(*update)
