"""The samples of docs/sdk-typescript.md as one program."""

from __future__ import annotations

import re

from tests.sdk.typescript.conftest import RunningSystem
from tests.support.paths import PROJECT_ROOT

LAST_LINES = """
const server = app.listen(0);
const { port } = server.address() as { port: number };
const answer = await fetch(`http://127.0.0.1:${port}/redeem/SAVE20`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: '{"user_id":"ann"}',
});
console.log(answer.status, await answer.text());
server.close();
const request = new Request("http://a/", {
  method: "POST",
  body: "{}",
  headers: { "webhook-timestamp": "1", "webhook-signature": "v1," },
});
console.log((await receive(request)).status);
"""


def build_program(system: RunningSystem) -> str:
    """Return the samples in their order, for the gateways and the tenant."""
    document = (PROJECT_ROOT / "docs" / "sdk-typescript.md").read_text()
    blocks = re.findall(r"```ts\n(.*?)```", document, re.DOTALL)
    program = "\n".join([*blocks, LAST_LINES])
    for printed, real in (
        ("https://query.example.com", system.query_gateway.url),
        ("https://admin.example.com", system.admin_gateway.url),
        ('"acme"', f'"{system.tenant.tenant_id}"'),
    ):
        program = program.replace(printed, real)
    return program
