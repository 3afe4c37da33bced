"""`couponctl audit`."""

from __future__ import annotations

import getpass
import json

from tests.support.cli_runner import CouponctlRunner, listening_couponctl


def test_what_a_shell_does_is_listed_as_done_by_it(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    document = cli.json("audit", "list", "--tenant", "acme")
    (entry,) = document["entries"]
    assert (entry["actor"], entry["action"]) == ("cli", "tenant.created")
    assert (entry["object_id"], entry["request_id"]) == ("acme", "")
    other_entries = cli.json("audit", "list", "--tenant", "acme", "--actor", "system")
    assert other_entries == {"entries": [], "total": 0}


def test_a_change_is_readable(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    campaign = "campaign", "create", "--tenant", "acme", "--id", "launch"
    cli.json(*campaign, "Launch")
    cli.json("campaign", "update", "--tenant", "acme", "launch", "--status", "EXPOSED")
    arguments = "audit", "list", "--tenant", "acme", "--action", "campaign.changed"
    line = cli.run(*arguments).stdout.splitlines()[1]
    assert f"os:{getpass.getuser()}  " in line
    assert "Launch  " in line
    assert "status: PENDING_EXPOSURE → EXPOSED" in line


def test_tail_shows_what_is_done_from_now_on(cli: CouponctlRunner) -> None:
    cli.create_tenant()
    arguments = "audit", "tail", "--tenant", "acme", "--count", "2", "--json"
    with listening_couponctl(cli.env, *arguments) as tail:
        cli.create_definition()
        output, _ = tail.communicate(timeout=60)
    actions = [json.loads(line)["action"] for line in output.splitlines()]
    assert actions == ["reward_item.created", "definition.created"]
