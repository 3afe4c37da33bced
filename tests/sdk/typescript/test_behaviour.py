"""The tests in the npm package, and signatures that the system makes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coupon_core.domain.models.webhooks import SignatureScheme, WebhookSecrets
from coupon_core.services.webhooks.signatures import build_headers, generate_secret
from tests.sdk.typescript.npm import PACKAGE, run_node, run_script
from tests.support.certificates import create_certificate

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("built_sdk")]
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
BODY = '{"events":[{"name":"ü"},{"name":"x"}]}'


def test_the_tests_of_the_package_pass(tmp_path: Path) -> None:
    certificate = str(create_certificate(tmp_path, "localhost"))
    environment = {"TLS_CERTIFICATE": certificate, "TLS_KEY": certificate}
    files = sorted((PACKAGE / "test").glob("*.test.mjs"))
    options = ("--test", "--test-reporter=tap")
    done = run_node(*options, *files, cwd=PACKAGE, **environment)
    if done.returncode:
        pytest.fail(done.stdout, pytrace=False)
    counts = dict(line[2:].split(" ", 1) for line in done.stdout.splitlines()[-8:])
    assert (counts["fail"], counts["skipped"]) == ("0", "0")
    assert int(counts["pass"]) > 100


def test_webhooks_that_the_system_signs_are_verified() -> None:
    secret = generate_secret()
    keys = WebhookSecrets(secret)
    requests = [
        {
            "body": BODY,
            "headers": build_headers(scheme, keys, "m1", BODY, 2, NOW),
            "secret": secret,
            "now": NOW.isoformat(),
        }
        for scheme in SignatureScheme
    ]
    printed = run_script("verify_webhooks.mjs", text=json.dumps(requests))
    assert printed.split() == ["2"] * len(SignatureScheme)
