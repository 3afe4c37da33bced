"""Webhooks from a shell."""

from __future__ import annotations

from tests.support.cli_runner import CouponctlRunner
from tests.support.webhook_receiver import (
    LOOPBACK_NETWORKS,
    running_receiver,
    verify_request,
)

URL = "https://hooks.example.invalid/x"
OF = "--tenant", "acme"


def new(shell: CouponctlRunner, *options: str, url: str = URL) -> dict[str, object]:
    about = "--event", "coupon.redeemed", "--url", url
    return shell.json("webhook", "create", *OF, *about, *options)


def test_the_life_of_a_webhook(acme_cli: CouponctlRunner) -> None:
    made = new(acme_cli, "--signature", "playcamp", "--retries", "3")
    webhook_id = str(made["id"])
    assert (made["signature"], made["retry_count"]) == ("playcamp", 3)
    assert str(made.pop("secret")).startswith("whsec_")
    assert acme_cli.json("webhook", "show", *OF, webhook_id) == made
    listed = acme_cli.json("webhook", "list", *OF)
    assert listed == {"webhooks": [made], "total": 1}
    off = acme_cli.json("webhook", "update", *OF, webhook_id, "--off", "--retries", "0")
    assert (off["is_active"], off["retry_count"]) == (False, 0)
    assert acme_cli.json("webhook", "update", *OF, webhook_id, "--on")["is_active"]
    assert acme_cli.json("webhook", "logs", *OF, webhook_id) == {"logs": [], "total": 0}
    assert acme_cli.json("webhook", "rotate", *OF, webhook_id)["secret"]
    assert acme_cli.json("webhook", "delete", *OF, webhook_id) == {
        "deleted": made["id"]
    }
    said = acme_cli.expect_refusal("webhook", "show", *OF, webhook_id)
    assert said == "Webhook not found"


def test_what_is_wrong_is_said_in_one_sentence(acme_cli: CouponctlRunner) -> None:
    about = "webhook", "create", *OF, "--event", "coupon.redeemed"
    said = acme_cli.expect_refusal(*about, "--url", "http://169.254.169.254/")
    assert said.startswith("url: ")
    assert "timeout_ms" in acme_cli.expect_refusal(
        *about, "--url", URL, "--timeout-ms", "1"
    )
    assert "coupon.redeemed" in acme_cli.expect_usage_error(
        "webhook", "create", *OF, "--event", "x", "--url", URL
    )
    said = acme_cli.expect_refusal("webhook", "list", "--tenant", "globex")
    assert said == "Tenant not found"
    said = acme_cli.expect_refusal(
        *("webhook", "create", "--tenant", "globex"),
        *("--event", "coupon.redeemed", "--url", URL),
    )
    assert said == "Tenant not found"


def test_a_sample_ends_with_one_unless_it_was_taken(acme_cli: CouponctlRunner) -> None:
    shell = CouponctlRunner(
        {**acme_cli.env, "COUPON_WEBHOOK_NETWORKS": ",".join(LOOPBACK_NETWORKS)}
    )
    with running_receiver() as receiver:
        made = new(shell, url=receiver.url)
        ids = *OF, str(made["id"])
        assert shell.json("webhook", "test", *ids)["success"] is True
        receiver.statuses = [500]
        told = shell.json("webhook", "test", *ids, status=1)
    assert (told["success"], told["response_status"]) == (False, 500)
    verify_request("standard", str(made["secret"]), receiver.received[0])
    (got,) = receiver.received
    assert got.path == "/hook"
    said = acme_cli.json("webhook", "test", *ids, status=1)["error"]
    assert "not public" in said
