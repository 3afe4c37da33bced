"""`couponctl code`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coupon_core.services.codes import jobs
from tests.support.cli_runner import CouponctlRunner

ACME = "--tenant", "acme"
LATER = "2099-01-01T00:00:00Z"


@pytest.fixture
def definition(acme_cli: CouponctlRunner) -> str:
    return acme_cli.create_definition()


def generate_unassigned(
    runner: CouponctlRunner, definition_id: str, count: int
) -> list[str]:
    """Generate unassigned codes and return all codes, newest first."""
    arguments = "generate", *ACME, "--definition", definition_id, "--count", str(count)
    runner.json(*arguments)
    return to_codes(runner.json("code", "list", *ACME))


def to_codes(document: dict[str, list[dict[str, str]]]) -> list[str]:
    return [coupon["code"] for coupon in document["coupons"]]


def test_codes_are_listed_a_page_at_a_time(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    all_codes = generate_unassigned(acme_cli, definition, 3)
    arguments = "code", "list", *ACME, "--limit", "2", "--status", "active"
    first = acme_cli.json(*arguments)
    second = acme_cli.json(*arguments, "--cursor", first["next"])
    assert to_codes(first) + to_codes(second) == all_codes
    assert second["next"] is None
    assert "cursor" in acme_cli.expect_refusal(*arguments, "--cursor", "x", status=2)
    assert "cursor" in acme_cli.expect_refusal(
        *arguments, "--user", "a", "--cursor", first["next"], status=2
    )


def test_a_code_is_given_shown_and_revoked(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    (code,) = generate_unassigned(acme_cli, definition, 1)
    assigned = acme_cli.json("code", "assign", *ACME, code, "ann")
    assert assigned["user_id"] == "ann"
    assert "assigned to a user" in acme_cli.expect_refusal(
        "code", "assign", *ACME, code, "bob", status=5
    )
    acme_cli.json("code", "revoke", *ACME, "--code", code)
    (shown,) = acme_cli.json("code", "show", *ACME, code.lower())["coupons"]
    assert [(entry["event"], entry["by"]) for entry in shown["timeline"]] == [
        ("generated", None),
        ("assigned", acme_cli.actor),
        ("revoked", acme_cli.actor),
    ]
    message = acme_cli.expect_refusal("code", "show", *ACME, "NONE", status=4)
    assert message == (
        'Coupon "NONE" not found; `couponctl code list --tenant acme` shows all'
    )


def test_all_codes_of_a_user_are_revoked(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    acme_cli.generate_coupons(definition, "ann", "bob")
    revoke = "code", "revoke", *ACME, "--user", "ann"
    message = acme_cli.expect_usage_error(*revoke)
    assert "Revoke 1 codes of user ann? There is no terminal" in message
    dry_run = acme_cli.json(*revoke, "--dry-run")
    counts = {"total": 1, "done": 1, "skipped": 0, "skipped_reasons": {}}
    assert dry_run == {"dry_run": True, **counts}
    result = acme_cli.json(*revoke, "--yes")
    assert (result["state"], result["done"]) == ("completed", 1)
    assert acme_cli.json("code", "job", *ACME, result["job_id"]) == result
    assert "Use either --code" in acme_cli.expect_usage_error("code", "revoke", *ACME)


def test_files_go_out_and_come_in(
    acme_cli: CouponctlRunner,
    definition: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 10)
    path = tmp_path / "codes.csv"
    path.write_text("code\n" + "".join(f"C{number:03}\n" for number in range(25)))
    arguments = "code", "import", *ACME, "--definition", definition
    result = acme_cli.json(*arguments, str(path))
    assert [result[member] for member in ("state", "total", "done")] == [
        "completed",
        25,
        25,
    ]
    export_path = tmp_path / "out.csv"
    export = "code", "export", *ACME
    assert acme_cli.json(*export, str(export_path)) == {"exported": 25}
    assert acme_cli.run(*export, "-").stdout == export_path.read_text().replace(
        "\r\n", "\n"
    )
    entries = acme_cli.json("audit", "list", *ACME, "--action", "codes.exported")
    assert [entry["actor"] for entry in entries["entries"]] == [acme_cli.actor] * 2
    extended = acme_cli.json(
        *("code", "extend", *ACME, "--batch", result["batch_id"]),
        *("--expires", "2099-01-01T00:00:00Z"),
        status=1,
    )
    assert (extended["state"], extended["skipped"]) == (
        "completed",
        25,
    )  # they never end
    revoked = acme_cli.json(
        "code", "revoke", *ACME, "--batch", result["batch_id"], "--yes"
    )
    assert (revoked["state"], revoked["done"]) == ("completed", 25)


def test_an_extend_that_changes_nothing_says_so(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    expiry = "--expires", "2098-01-01T00:00:00Z"
    arguments = "generate", *ACME, "--definition", definition, "--count", "1001"
    batch_id = acme_cli.json(*arguments, *expiry)["batch_id"]
    extend = "code", "extend", *ACME, "--batch", batch_id, "--expires"
    done = acme_cli.run(*extend, "2099-01-01T00:00:00Z")
    assert (done.exit_code, done.stderr) == (
        0,
        "Codes changed: 1,001; left alone: 0.\n",
    )
    earlier = acme_cli.run(*extend, "2098-06-01T00:00:00Z", "--json")
    assert earlier.exit_code == 1
    reason = "1,001 valid at least as long already"
    message = f"Nothing was changed; left alone: 1,001 ({reason}).\n"
    assert earlier.stderr == message
    document = json.loads(earlier.stdout)
    assert (document["done"], document["skipped"]) == (0, 1001)
    assert document["skipped_reason"] == reason


def test_a_code_is_shown_with_all_that_decides_about_it(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    coupon, *_ = acme_cli.generate_coupons(definition, "ann")
    show = "code", "show", *ACME, coupon["code"]
    assert acme_cli.json(*show)["coupons"][0]["effective_status"] == "active"
    acme_cli.run("definition", "archive", *ACME, definition)
    (shown,) = acme_cli.json(*show)["coupons"]
    assert (shown["status"], shown["effective_status"]) == ("active", "archived")
    lines = acme_cli.run(*show).stdout.splitlines()
    values = dict(line.split(maxsplit=1) for line in lines if "  " in line)
    assert (values["status"], values["user"]) == ("archived", "ann")
    assert (values["expires"], values["reward"]) == ("-", "100 points")
    assert (values["campaign"], values["id"]) == ("-", coupon["id"])
    assert lines[-2].split()[:3] == ["at", "event", "by"]
    assert lines[-1].split()[1] == "generated"


def test_a_code_is_shown_with_the_campaign_of_its_definition(
    acme_cli: CouponctlRunner,
) -> None:
    acme_cli.json("campaign", "create", *ACME, "Launch")
    created = acme_cli.create_definition("Sale", "--campaign", "launch")
    coupon, *_ = acme_cli.generate_coupons(created, "ann")
    (shown,) = acme_cli.json("code", "show", *ACME, coupon["code"])["coupons"]
    assert shown["campaign_id"] == "launch"


def test_a_creators_code_is_shown_with_its_campaign(acme_cli: CouponctlRunner) -> None:
    acme_cli.run("campaign", "create", *ACME, "launch", "--names", '{"en": "Launch"}')
    acme_cli.run("creator", "create", *ACME, "ABC12", "--name", "Jun")
    about = "--campaign", "launch", "--name", "Gems", "--reward", "gem=100"
    package = acme_cli.json("package", "create", *ACME, *about)["package_id"]
    give = "creator", "give", *ACME, "ABC12", "--package", str(package)
    (code,) = acme_cli.json(*give, "--count", "1")["codes"]
    acme_cli.run("redeem", *ACME, code, "--user", "ann")
    (shown,) = acme_cli.json("code", "show", *ACME, code)["coupons"]
    assert (shown["campaign_id"], shown["creator_key"]) == ("launch", "ABC12")


def test_a_bad_file_is_told_line_by_line(
    acme_cli: CouponctlRunner, definition: str, tmp_path: Path
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("code\nA1\n!\nA1\n")
    arguments = "code", "import", *ACME, "--definition", definition, str(path)
    result = acme_cli.run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "line 3: code: expected" in result.stderr
    assert "Nothing imported, because 2 of 3 lines are invalid" in result.stderr
    result = acme_cli.json(*arguments, "--partial")
    assert (result["done"], result["rejected"]) == (1, 2)


def test_codes_are_restored_and_their_expiry_moves(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    coupon, *_ = acme_cli.generate_coupons(definition, "ann")
    acme_cli.json("code", "revoke", *ACME, "--user", "ann", "--yes")
    expiry = "code", "expiry", *ACME, "--user", "ann", "--expires", LATER
    counts = {"total": 1, "done": 0, "skipped": 1, "skipped_reasons": {"revoked": 1}}
    assert acme_cli.json(*expiry, "--dry-run") == {"dry_run": True, **counts}
    restore = "code", "restore", *ACME
    message = acme_cli.expect_usage_error(*restore, "--user", "ann")
    assert "Restore 1 codes of user ann? There is no terminal" in message
    dry_run = acme_cli.json(*restore, "--code", coupon["code"], "--dry-run")
    assert dry_run == {"dry_run": True, "total": 1, "done": 1, "skipped": 0}
    assert acme_cli.json(*restore, "--user", "ann", "--yes")["done"] == 1
    done = acme_cli.run(*expiry, "--yes")
    assert done.stderr == "Codes changed: 1; left alone: 0.\n"
    again = acme_cli.json(*expiry, "--yes")
    assert again["skipped_reason"] == "1 with this expiry already"
    shown = acme_cli.json("coupon", "show", *ACME, "--id", coupon["id"])
    assert (shown["status"], shown["expires_at"]) == ("active", LATER)
    for options in ((), ("--expires", LATER, "--follow-definition")):
        message = acme_cli.expect_usage_error(
            "code", "expiry", *ACME, "--user", "ann", *options
        )
        assert "Use either --expires or --follow-definition." in message
