"""Servers that are none, and addresses that no command may use."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.sdk.scripted_server import answer, cut_in_the_middle, scripted_server
from tests.support.certificates import create_certificate
from tests.support.cli_runner import CouponctlRunner

LIST = "reward", "list"


def read_error(
    url: str,
    env: Mapping[str, str] | None = None,
    command: Sequence[str] = LIST,
) -> tuple[int, str]:
    """Return the exit status and the message of a command on a server."""
    given = {"COUPON_API_KEY": "pk_secret", "COUPON_TENANT": "acme", **(env or {})}
    error = CouponctlRunner(given).read_error(*command, "--server", url)
    message = str(error["error"])
    assert "pk_secret" not in message
    # These are words of the SDK, which commands do not have.
    assert not {"base_url", "ApiKey", "transport"} & {*message.replace(",", "").split()}
    return error["exit_status"], message


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (answer(200, "<html>Sign in to the Wi-Fi</html>"), "cannot be read"),
        (answer(200, ""), "cannot be read"),
        (answer(404, "<html>Not Found</html>"), "without an error document"),
        (answer(401, "<html>Proxy</html>"), "without an error document"),
    ],
    ids=["html", "nothing", "another-server", "proxy"],
)
def test_an_answer_of_no_gateway_is_a_failure(act: Any, text: str) -> None:
    with scripted_server(act) as server:
        status, message = read_error(server.url)
    assert status == 1
    assert text in message


@pytest.mark.parametrize("status", [302, 307])
def test_no_key_follows_a_redirect(status: int) -> None:
    with scripted_server(answer(200, {})) as other:
        act = answer(status, "", Location=f"{other.url}/v1?key=1")
        with scripted_server(act) as server:
            assert read_error(server.url) == (
                1,
                f"The server redirects to {other.url}. Redirects are not followed, "
                "because they could reveal the credential: correct the address of the "
                "server.",
            )
        assert (len(server.received), other.received) == (1, [])


@pytest.mark.parametrize(
    "url",
    [
        "https://pk_secret@coupons.example.com",
        "https://coupons.example.com?key=pk_secret",
        "coupons.example.com/pk_secret",
    ],
    ids=["user", "query", "no-scheme"],
)
def test_a_key_in_a_url_is_wrong_usage_and_not_repeated(url: str) -> None:
    status, message = read_error(url)
    assert status == 2
    assert "The address of the server" in message or "https://" in message


def test_a_key_with_blanks_is_wrong_usage() -> None:
    with scripted_server(answer(200, {})) as server:
        status, message = read_error(server.url, {"COUPON_API_KEY": "pk secret"})
    assert (status, server.received) == (2, [])
    assert "blanks" in message


def test_a_certificate_that_does_not_verify_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(create_certificate(tmp_path, "localhost"))
    with scripted_server(answer(200, {}), context=context) as server:
        status, message = read_error(server.url)
    assert (status, server.received) == (1, [])
    assert "certificate does not verify" in message
    assert "SSL_CERT_FILE" in message


def test_an_export_that_breaks_off_leaves_the_file_of_yesterday(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("yesterday")
    export = "code", "export", str(path)
    with scripted_server(cut_in_the_middle) as server:
        assert read_error(server.url, command=export)[0] == 1
    assert [each.read_text() for each in tmp_path.iterdir()] == ["yesterday"]


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    export = "code", "export", str(tmp_path / "no" / "codes.csv")
    with scripted_server(answer(200, "code\n")) as server:
        status, message = read_error(server.url, command=export)
    assert status == 1
    assert str(tmp_path / "no") in message


def test_control_characters_of_a_server_do_not_reach_the_terminal() -> None:
    document = {"code": "X", "message": "No\x1b]0;title\x07\x9b31m\u202e"}
    env = {"COUPON_API_KEY": "pk_secret", "COUPON_TENANT": "acme"}
    with scripted_server(answer(400, document)) as server:
        result = CouponctlRunner(env).run(*LIST, "--server", server.url)
    assert result.stderr == "Error: No\\x1b]0;title\\x07\\x9b31m\\u202e\n"
