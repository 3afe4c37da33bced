"""`couponctl code explain`, `search` and `show` say why a code does not work."""

from __future__ import annotations

import pytest

from tests.support.cli_runner import CouponctlRunner

ACME = "--tenant", "acme"
EXPIRED = "The coupon has expired (expires_at 2030-01-31T23:59:59Z"


@pytest.fixture
def code(acme_cli: CouponctlRunner) -> str:
    definition = acme_cli.create_definition("Summer", "--expires", "2030-01-31")
    (coupon,) = acme_cli.generate_coupons(definition, "ann")
    return str(coupon["code"])


def test_a_code_is_explained_as_a_document_and_for_people(
    acme_cli: CouponctlRunner, code: str
) -> None:
    explain = "code", "explain", *ACME, code, "--user", "ann", "--at", "2030-02-01"
    document = acme_cli.json(*explain)
    assert document["error_code"] == "COUPON_EXPIRED"
    assert document["state"].startswith(EXPIRED)
    lines = acme_cli.run(*explain).stdout.splitlines()
    assert any(" ".join(line.split()).startswith(f"state {EXPIRED}") for line in lines)
    members = {tuple(line.split()) for line in lines}
    assert ("error_codes.phoenix", "COUPON_EXPIRED") in members
    assert ("error_codes.mambo", "CouponExpiredException") in members
    (rule,) = (line for line in lines if line.startswith("not_expired"))
    assert rule.split()[1:3] == ["false", "COUPON_EXPIRED"]
    (available,) = (line for line in lines if line.startswith("available"))
    assert "definition_status active, campaign_has_ended false" in available
    assert "timeline:" in lines
    (shown,) = acme_cli.json("code", "show", *ACME, code)["coupons"]
    assert shown["state"] == "User ann can redeem the code."


def test_of_mambos_activities_only_the_rules_that_fail_are_printed(
    acme_cli: CouponctlRunner, code: str
) -> None:
    acme_cli.json("user", "create", *ACME, "ann")
    text = acme_cli.run("code", "explain", *ACME, code, "--user", "ann").stdout
    activities = text.partition("\nMambo buy: refused by\n")[2].partition("timeline:")[
        0
    ]
    assert "CouponNotBuyableException" in activities
    assert "not_expired" not in activities
    assert "definition_active" not in activities


def test_an_unknown_code_is_explained_with_what_is_near(
    acme_cli: CouponctlRunner, code: str
) -> None:
    mistyped = code[:-1] + ("2" if code[-1] != "2" else "3")
    document = acme_cli.json("code", "explain", *ACME, mistyped)
    assert document["state"].startswith("No such code")
    (near,) = document["near_matches"]
    assert (near["match"], near["code"]) == ("one_edit", code)
    (hit,) = acme_cli.json("code", "search", *ACME, mistyped)["hits"]
    assert hit == near
    assert code in acme_cli.run("code", "search", *ACME, code[:4]).stdout
