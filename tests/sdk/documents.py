"""The samples of docs/sdk-python.md as one program."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.sdk.conftest import RunningSystem
from tests.support.paths import PROJECT_ROOT

DOCUMENT = (PROJECT_ROOT / "docs" / "sdk-python.md").read_text()
CODES = ("SAVE10", "SAVE20", "SAVE30", "SAVE40")
LAST_LINES = """
answer = app.test_client().post("/redeem/SAVE40", json={"user_id": "ann"})
assert answer.json == {"error": "ALREADY_REDEEMED"}, answer.json
for client in coupons, admin, fake:
    client.close()
"""


def build_program(system: RunningSystem) -> str:
    """Return the samples in their order, for the gateways and the tenant."""
    for code in CODES:
        definition = system.tenant.define_custom(code)
        system.tenant.issue_code(definition, "ann")
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)
    program = "\n".join([*blocks, LAST_LINES])
    for printed, real in (
        ("https://query.example.com", system.query_gateway.url),
        ("https://admin.example.com", system.admin_gateway.url),
        ('"acme"', f'"{system.tenant.tenant_id}"'),
    ):
        program = program.replace(printed, real)
    return program


def build_environment(system: RunningSystem) -> Mapping[str, str]:
    """Return the variables that the samples read."""
    tenant = system.tenant
    return {"TENANT_SECRET": tenant.secret, "API_KEY": tenant.api_key}
