"""The samples of docs/sdk-typescript.md, and of the package's README, as programs."""

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


def build_samples(system: RunningSystem) -> str:
    """Return the samples of the document in their order."""
    document = PROJECT_ROOT / "docs" / "sdk-typescript.md"
    return build_program(system, f"{document.read_text()}\n```ts\n{LAST_LINES}```")


def build_program(system: RunningSystem, document: str) -> str:
    """Return the samples of a text as a program for the gateways and the tenant."""
    program = "\n".join(re.findall(r"```ts\n(.*?)```", document, re.DOTALL))
    for printed, real in (
        ("https://query.example.com", system.query_gateway.url),
        ("https://admin.example.com", system.admin_gateway.url),
        ('"acme"', f'"{system.tenant.tenant_id}"'),
    ):
        program = program.replace(printed, real)
    return program
