"""The stock of codes from a shell: `couponctl code`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from coupon_core.services.codes import jobs
from tests.shells import COMMAND, ROOT, Shell

README = (ROOT / "README.md").read_text()
OF_ACME = "--tenant", "acme"


@pytest.fixture
def definition(acme: Shell) -> str:
    return acme.definition()


def loose(shell: Shell, definition_id: str, count: int) -> list[str]:
    """Codes that nobody holds, newest first as lists have them."""
    words = "generate", *OF_ACME, "--definition", definition_id, "--count", str(count)
    shell.json(*words)
    return codes(shell.json("code", "list", *OF_ACME))


def codes(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [coupon["code"] for coupon in answer["coupons"]]


def test_codes_are_listed_a_page_at_a_time(acme: Shell, definition: str) -> None:
    all_codes = loose(acme, definition, 3)
    words = "code", "list", *OF_ACME, "--limit", "2", "--status", "active"
    first = acme.json(*words)
    second = acme.json(*words, "--cursor", first["next"])
    assert codes(first) + codes(second) == all_codes
    assert second["next"] is None
    assert "cursor" in acme.refused(*words, "--cursor", "x")
    assert "cursor" in acme.refused(*words, "--user", "a", "--cursor", first["next"])


def test_a_code_is_given_shown_and_revoked(acme: Shell, definition: str) -> None:
    (code,) = loose(acme, definition, 1)
    given = acme.json("code", "assign", *OF_ACME, code, "ann")
    assert given["user_id"] == "ann"
    assert "in a user's hands" in acme.refused("code", "assign", *OF_ACME, code, "bob")
    acme.json("code", "revoke", *OF_ACME, "--code", code)
    (shown,) = acme.json("code", "show", *OF_ACME, code.lower())["coupons"]
    assert [(entry["event"], entry["by"]) for entry in shown["timeline"]] == [
        ("generated", None),
        ("assigned", "couponctl"),
        ("revoked", "couponctl"),
    ]
    assert acme.refused("code", "show", *OF_ACME, "NONE") == "Coupon not found"


def test_all_codes_of_a_user_are_revoked(acme: Shell, definition: str) -> None:
    acme.generate(definition, "ann", "bob")
    done = acme.json("code", "revoke", *OF_ACME, "--user", "ann")
    assert (done["state"], done["done"]) == ("completed", 1)
    assert acme.json("code", "job", *OF_ACME, done["job_id"]) == done
    assert "Give --code" in acme.misused("code", "revoke", *OF_ACME)


def test_files_go_out_and_come_in(
    acme: Shell, definition: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHUNK", 10)
    path = tmp_path / "codes.csv"
    path.write_text("code\n" + "".join(f"C{number:03}\n" for number in range(25)))
    words = "code", "import", *OF_ACME, "--definition", definition
    done = acme.json(*words, str(path))
    assert [done[k] for k in ("state", "total", "done")] == ["completed", 25, 25]
    out = tmp_path / "out.csv"
    export = "code", "export", *OF_ACME, "--output"
    assert acme.json(*export, str(out)) == {"exported": 25}
    assert acme.run(*export, "-").stdout == out.read_text().replace("\r\n", "\n")
    later = acme.json(
        *("code", "extend", *OF_ACME, "--batch", done["batch_id"]),
        *("--until", "2099-01-01T00:00:00Z"),
    )
    assert (later["state"], later["skipped"]) == ("completed", 25)  # they never end
    gone = acme.json("code", "revoke", *OF_ACME, "--batch", done["batch_id"])
    assert (gone["state"], gone["done"]) == ("completed", 25)


def test_a_bad_file_is_told_line_by_line(
    acme: Shell, definition: str, tmp_path: Path
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("code\nA1\n!\nA1\n")
    words = "code", "import", *OF_ACME, "--definition", definition, str(path)
    result = acme.run(*words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "line 3: code: expected" in result.stderr
    assert "Nothing imported, for 2 of 3 lines cannot be" in result.stderr
    done = acme.json(*words, "--partial")
    assert (done["done"], done["rejected"]) == (1, 2)


def test_the_lines_of_the_readme_do_what_it_says(shell: Shell, tmp_path: Path) -> None:
    shell.tenant("demo")
    about = "--name", "Points", "--type", "points"
    item = shell.json("reward", "create", "--tenant", "demo", *about)["item_id"]
    about = "--name", "Partners", "--reward", item
    made = shell.json("definition", "create", "--tenant", "demo", *about)["id"]
    (lines,) = re.findall(r"```sh\n(printf .*?)```", README, re.DOTALL)
    path = f"{COMMAND.parent}:/usr/bin:/bin"
    env = {**shell.env, "PATH": path, "DEFINITION": made}
    done = subprocess.run(
        ["sh", "-e", "-c", lines], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "assigned" in done.stdout
    exported = (tmp_path / "codes.csv").read_text().splitlines()
    assert [line.split(",")[2] for line in exported[1:]] == ["zoe", "zoe"]
