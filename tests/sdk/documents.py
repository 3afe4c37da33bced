"""The samples of the documents as programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from tests.sdk.conftest import RunningSystem
from tests.support.paths import PROJECT_ROOT

DOCUMENT = PROJECT_ROOT / "docs" / "sdk-python.md"
README = PROJECT_ROOT / "sdk" / "python" / "README.md"
CODES = ("SAVE10", "SAVE20", "SAVE30", "SAVE40")
LAST_LINES = """
answer = app.test_client().post("/redeem/SAVE40", json={"user_id": "ann"})
assert answer.json == {"error": "ALREADY_REDEEMED"}, answer.json
for client in coupons, admin, fake:
    client.close()
"""


def build_program(system: RunningSystem) -> str:
    """Create what the samples of docs/sdk-python.md name; return them in order."""
    for code in CODES:
        definition = system.tenant.define_custom(code)
        system.tenant.issue_code(definition, "ann")
    return read_samples(DOCUMENT, system) + LAST_LINES


def read_samples(path: Path, system: RunningSystem) -> str:
    """Return the samples of a document, for the gateways and the tenant."""
    blocks = re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)
    program = "\n".join(blocks)
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
