"""The stock of codes from a shell: `couponctl code`."""

from __future__ import annotations

from pathlib import Path

import pytest

from coupon_core.services.codes import jobs
from tests.support.cli_runner import CouponctlRunner
from tests.support.paths import PROJECT_ROOT

README = (PROJECT_ROOT / "README.md").read_text()
OF_ACME = "--tenant", "acme"


@pytest.fixture
def definition(acme_cli: CouponctlRunner) -> str:
    return acme_cli.create_definition()


def loose(shell: CouponctlRunner, definition_id: str, count: int) -> list[str]:
    """Codes that nobody holds, newest first as lists have them."""
    words = "generate", *OF_ACME, "--definition", definition_id, "--count", str(count)
    shell.json(*words)
    return codes(shell.json("code", "list", *OF_ACME))


def codes(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [coupon["code"] for coupon in answer["coupons"]]


def test_codes_are_listed_a_page_at_a_time(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    all_codes = loose(acme_cli, definition, 3)
    words = "code", "list", *OF_ACME, "--limit", "2", "--status", "active"
    first = acme_cli.json(*words)
    second = acme_cli.json(*words, "--cursor", first["next"])
    assert codes(first) + codes(second) == all_codes
    assert second["next"] is None
    assert "cursor" in acme_cli.expect_refusal(*words, "--cursor", "x")
    assert "cursor" in acme_cli.expect_refusal(
        *words, "--user", "a", "--cursor", first["next"]
    )


def test_a_code_is_given_shown_and_revoked(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    (code,) = loose(acme_cli, definition, 1)
    given = acme_cli.json("code", "assign", *OF_ACME, code, "ann")
    assert given["user_id"] == "ann"
    assert "in a user's hands" in acme_cli.expect_refusal(
        "code", "assign", *OF_ACME, code, "bob"
    )
    acme_cli.json("code", "revoke", *OF_ACME, "--code", code)
    (shown,) = acme_cli.json("code", "show", *OF_ACME, code.lower())["coupons"]
    assert [(entry["event"], entry["by"]) for entry in shown["timeline"]] == [
        ("generated", None),
        ("assigned", "couponctl"),
        ("revoked", "couponctl"),
    ]
    assert (
        acme_cli.expect_refusal("code", "show", *OF_ACME, "NONE") == "Coupon not found"
    )


def test_all_codes_of_a_user_are_revoked(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    acme_cli.generate_coupons(definition, "ann", "bob")
    done = acme_cli.json("code", "revoke", *OF_ACME, "--user", "ann")
    assert (done["state"], done["done"]) == ("completed", 1)
    assert acme_cli.json("code", "job", *OF_ACME, done["job_id"]) == done
    assert "Give --code" in acme_cli.expect_usage_error("code", "revoke", *OF_ACME)


def test_files_go_out_and_come_in(
    acme_cli: CouponctlRunner,
    definition: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "CHUNK_SIZE", 10)
    path = tmp_path / "codes.csv"
    path.write_text("code\n" + "".join(f"C{number:03}\n" for number in range(25)))
    words = "code", "import", *OF_ACME, "--definition", definition
    done = acme_cli.json(*words, str(path))
    assert [done[k] for k in ("state", "total", "done")] == ["completed", 25, 25]
    out = tmp_path / "out.csv"
    export = "code", "export", *OF_ACME, "--output"
    assert acme_cli.json(*export, str(out)) == {"exported": 25}
    assert acme_cli.run(*export, "-").stdout == out.read_text().replace("\r\n", "\n")
    listed = acme_cli.json("audit", "list", *OF_ACME, "--action", "codes.exported")
    assert [entry["actor"] for entry in listed["entries"]] == ["cli", "cli"]
    later = acme_cli.json(
        *("code", "extend", *OF_ACME, "--batch", done["batch_id"]),
        *("--until", "2099-01-01T00:00:00Z"),
    )
    assert (later["state"], later["skipped"]) == ("completed", 25)  # they never end
    gone = acme_cli.json("code", "revoke", *OF_ACME, "--batch", done["batch_id"])
    assert (gone["state"], gone["done"]) == ("completed", 25)


def test_a_bad_file_is_told_line_by_line(
    acme_cli: CouponctlRunner, definition: str, tmp_path: Path
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("code\nA1\n!\nA1\n")
    words = "code", "import", *OF_ACME, "--definition", definition, str(path)
    result = acme_cli.run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "line 3: code: expected" in result.stderr
    assert "Nothing imported, because 2 of 3 lines are invalid" in result.stderr
    done = acme_cli.json(*words, "--partial")
    assert (done["done"], done["rejected"]) == (1, 2)
