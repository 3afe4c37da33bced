"""The integrations of docs/which-api.md, on real gateways."""

from __future__ import annotations

import json
import subprocess

import pytest

from coupon_core.persistence import database
from tests.sdk.conftest import RunningSystem
from tests.sdk.documents import read_samples

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True),
]
DOCUMENT = "docs/which-api.md"


def test_a_redeem_by_hand_works_as_documented(system: RunningSystem) -> None:
    tenant = system.tenant
    code = tenant.issue_code(tenant.define(), "ann")
    database.release_connection()
    command = read_samples(DOCUMENT, "sh", system, section="HTTP by hand")
    environment = {"CODE": code, "TOKEN": tenant.mint_token("ann")}
    answers = {
        subprocess.run(
            ["sh", "-c", command], env=environment, capture_output=True, check=True
        ).stdout
        for _ in range(2)
    }
    (answer,) = answers
    assert json.loads(answer)["status"] == "redeemed"
