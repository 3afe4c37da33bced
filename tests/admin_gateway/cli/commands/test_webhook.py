"""`couponctl webhook`."""

from __future__ import annotations

from tests.support.cli_runner import CouponctlRunner
from tests.support.webhook_receiver import (
    LOOPBACK_NETWORKS,
    running_receiver,
    verify_request,
)

URL = "https://hooks.example.invalid/x"
ACME = "--tenant", "acme"


def create_webhook(
    runner: CouponctlRunner, *options: str, url: str = URL
) -> dict[str, object]:
    target = "--event", "coupon.redeemed", "--url", url
    return runner.json("webhook", "create", *ACME, *target, *options)


def test_the_life_of_a_webhook(acme_cli: CouponctlRunner) -> None:
    created = create_webhook(acme_cli, "--signature", "playcamp", "--retries", "3")
    webhook_id = str(created["id"])
    assert (created["signature"], created["retry_count"]) == ("playcamp", 3)
    assert str(created.pop("secret")).startswith("whsec_")
    assert acme_cli.json("webhook", "show", *ACME, webhook_id) == created
    listed = acme_cli.json("webhook", "list", *ACME)
    assert listed == {"webhooks": [created], "total": 1}
    changed = acme_cli.json(
        "webhook", "update", *ACME, webhook_id, "--inactive", "--retries", "0"
    )
    assert (changed["is_active"], changed["retry_count"]) == (False, 0)
    assert acme_cli.json("webhook", "update", *ACME, webhook_id, "--active")[
        "is_active"
    ]
    assert acme_cli.json("webhook", "logs", *ACME, webhook_id) == {
        "logs": [],
        "total": 0,
    }
    assert acme_cli.json("webhook", "rotate-secret", *ACME, webhook_id)["secret"]
    assert acme_cli.json("webhook", "delete", *ACME, webhook_id) == {
        "deleted": created["id"]
    }
    message = acme_cli.expect_refusal("webhook", "show", *ACME, webhook_id, status=4)
    assert message == (
        f'Webhook "{webhook_id}" not found; '
        "`couponctl webhook list --tenant acme` shows all"
    )


def test_a_delivery_is_queued_again(acme_cli: CouponctlRunner) -> None:
    webhook_id = str(create_webhook(acme_cli)["id"])
    unknown = "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32"
    arguments = "webhook", "resend", *ACME, webhook_id
    message = acme_cli.expect_refusal(*arguments, unknown, status=4)
    assert message == (
        f'Delivery "{unknown}" not found; '
        f"`couponctl webhook logs {webhook_id} --tenant acme` shows all"
    )
    assert "UUID" in acme_cli.expect_usage_error(*arguments, "7")


def test_what_is_wrong_is_said_in_one_sentence(acme_cli: CouponctlRunner) -> None:
    options = "webhook", "create", *ACME, "--event", "coupon.redeemed"
    message = acme_cli.expect_refusal(
        *options, "--url", "http://169.254.169.254/", status=2
    )
    assert message.startswith('Invalid --url "http://169.254.169.254/": ')
    assert 'Invalid --timeout-ms "1": ' in acme_cli.expect_refusal(
        *options, "--url", URL, "--timeout-ms", "1", status=2
    )
    assert "coupon.redeemed" in acme_cli.expect_usage_error(
        "webhook", "create", *ACME, "--event", "x", "--url", URL
    )
    message = acme_cli.expect_refusal("webhook", "list", "--tenant", "globex", status=4)
    assert message.startswith('Tenant "globex" not found; ')
    message = acme_cli.expect_refusal(
        *("webhook", "create", "--tenant", "globex"),
        *("--event", "coupon.redeemed", "--url", URL),
        status=4,
    )
    assert message.startswith('Tenant "globex" not found; ')


def test_a_sample_ends_with_one_unless_it_was_taken(acme_cli: CouponctlRunner) -> None:
    runner = CouponctlRunner(
        {**acme_cli.env, "COUPON_WEBHOOK_NETWORKS": ",".join(LOOPBACK_NETWORKS)}
    )
    with running_receiver() as receiver:
        created = create_webhook(runner, url=receiver.url)
        ids = *ACME, str(created["id"])
        assert runner.json("webhook", "test", *ids)["success"] is True
        receiver.statuses = [500]
        result = runner.json("webhook", "test", *ids, status=1)
    assert (result["success"], result["response_status"]) == (False, 500)
    verify_request("standard", str(created["secret"]), receiver.received[0])
    (request,) = receiver.received
    assert request.path == "/hook"
    message = acme_cli.json("webhook", "test", *ids, status=1)["error"]
    assert "not public" in message
