"""Tests of CSV files that commands read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_runner import CouponctlRunner

OF_ACME = "--tenant", "acme"


@pytest.fixture
def definition(acme_cli: CouponctlRunner) -> str:
    """Return a new definition."""
    return acme_cli.create_definition()


def write_file(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    ("data", "options"),
    [
        ("\ufeffUser_ID\r\nzoé\r\n'+49170\r\n".encode(), ()),
        ("user_id;\r\nzoé;\r\n;\r\n+49170;\r\n".encode("utf-16"), ()),
        ("user_id\nzoé\n+49170\n".encode("cp1252"), ("--encoding", "windows-1252")),
        ("zoé\n+49170\n".encode(), ("--no-header",)),
        ("Name,user_id\nx,zoé\ny,+49170\n".encode(), ("--ignore-columns", "name")),
    ],
)
def test_users_are_read_as_over_http(
    acme_cli: CouponctlRunner,
    definition: str,
    tmp_path: Path,
    data: bytes,
    options: tuple[str, ...],
) -> None:
    words = "--definition", definition, "--users-file", write_file(tmp_path, data)
    rows: list[Any] = acme_cli.json("generate", *OF_ACME, *words, *options)["coupons"]
    assert [row["user_id"] for row in rows] == ["zoé", "+49170"]


@pytest.mark.parametrize(
    ("data", "options", "expected"),
    [
        (b"Kunde;Name\nk1;Eva\n", (), "heading line 'Kunde;Name'"),
        (b"ann\nbob\n", (), "--no-header"),
        (b"user_id;Name\nk1;Eva\n", (), "--ignore-columns"),
        (b"k1;Eva\n", ("--no-header",), "found 2: 'k1;Eva'"),
        ("user_id\nzoé\n".encode("cp1252"), (), "--encoding windows-1252"),
    ],
)
def test_what_is_no_list_of_users_is_refused_in_words_of_the_command_line(
    acme_cli: CouponctlRunner,
    definition: str,
    tmp_path: Path,
    data: bytes,
    options: tuple[str, ...],
    expected: str,
) -> None:
    words = "--definition", definition, "--users-file", write_file(tmp_path, data)
    message = acme_cli.expect_refusal("generate", *OF_ACME, *words, *options)
    assert "Invalid CSV file: line " in message
    assert expected in message
    assert "Content-Type" not in message


def test_used_codes_are_refused_or_left_out(
    acme_cli: CouponctlRunner, definition: str, tmp_path: Path
) -> None:
    path = write_file(tmp_path, b"code;status\nA1;active\nB2;revoked\n")
    words = "code", "import", *OF_ACME, "--definition", definition, path
    refused = acme_cli.run(*words)
    assert refused.exit_code == 1
    assert "line 3: status: expected active, found revoked" in refused.stderr
    assert "--skip-used" in refused.stderr
    done = acme_cli.json(*words, "--skip-used")
    assert (done["done"], done["skipped"]) == (1, 1)
