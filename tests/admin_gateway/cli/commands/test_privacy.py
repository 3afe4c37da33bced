"""Tests of the commands on personal data, retention and the deletion of tenants."""

from __future__ import annotations

from tests.support.cli_runner import CouponctlRunner, Terminal


def generate(cli: CouponctlRunner) -> None:
    definition_id = cli.create_definition()
    cli.json(
        *("generate", "--tenant", "acme", "--definition", definition_id),
        *("--user", "ann"),
    )


def test_a_user_is_exported_and_erased(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    generate(cli)
    exported = cli.json("user", "export", "--tenant", "acme", "ann")
    assert [row["user_id"] for row in exported["data"]["coupon"]] == ["ann"]
    erase = "user", "erase", "--tenant", "acme", "ann"
    preview = cli.json(*erase, "--dry-run")
    assert preview["rows"]["coupon"] == 1
    assert cli.json("user", "export", "--tenant", "acme", "ann")["data"]["coupon"]
    assert "--yes" in cli.expect_usage_error(*erase)
    erased = cli.json(*erase, "--yes")
    assert erased["pseudonym"].startswith("erased-")
    assert erased["rows"] == preview["rows"]
    message = cli.expect_refusal("user", "export", "--tenant", "acme", "ann", status=4)
    assert message == "Nothing is stored about this user."


def test_retention_is_shown_and_pruned(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    shown = cli.json("retention", "show")
    assert shown["days"]["events"] == 7
    limited = {kind for kind, days in shown["days"].items() if days}
    assert {"events", "period_counters", "attempts", "reports"} <= limited
    assert shown["past_retention"] == dict.fromkeys(limited, 0)
    preview = cli.json("retention", "prune", "--tenant", "acme", "--dry-run")
    assert preview == {"dry_run": True, "rows": shown["past_retention"]}
    assert cli.json("retention", "prune", "--yes")["rows"] == preview["rows"]
    cli.expect_refusal("retention", "show", "--tenant", "nobody", status=4)


def test_a_tenant_is_deleted_only_after_its_id_was_given_again(
    cli: CouponctlRunner,
) -> None:
    cli.create_tenant()
    generate(cli)
    delete = "tenant", "delete", "acme"
    preview = cli.json(*delete, "--dry-run")
    assert preview["rows"]["coupon"] == 1
    assert "--confirm acme" in cli.expect_usage_error(*delete)
    assert "expected acme" in cli.expect_usage_error(*delete, "--confirm", "acm")
    assert cli.run(*delete, stdin=Terminal(b"acm\n")).exit_code == 1
    assert cli.json("tenant", "list")["total"] == 1
    assert cli.run(*delete, stdin=Terminal(b"acme\n")).exit_code == 0
    assert cli.json("tenant", "list")["total"] == 0
    cli.expect_refusal(*delete, "--confirm", "acme", status=4)


def test_the_workers_finish_a_deletion(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    deleting = cli.json(*("tenant", "delete", "acme", "--confirm", "acme", "--detach"))
    assert deleting["state"] == "deleting"
    again = cli.json("tenant", "delete", "acme", "--confirm", "acme")
    assert again["state"] == "deleted"
