"""The samples of the documents as programs."""

from __future__ import annotations

import re

from tests.sdk.conftest import RunningSystem
from tests.support.paths import PROJECT_ROOT

CODES = ("SAVE10", "SAVE20", "SAVE30", "SAVE40")


def prepare_codes(system: RunningSystem) -> None:
    """Create the codes that the samples name."""
    for code in CODES:
        definition = system.tenant.define_custom(code)
        system.tenant.issue_code(definition, "ann")


def read_samples(
    path: str, language: str, system: RunningSystem, *, section: str = ""
) -> str:
    """Return the samples of a document or a section, for gateways and a tenant."""
    program = extract_samples(path, language, section=section)
    for printed, real in (
        ("https://query.example.com", system.query_gateway.url),
        ("https://admin.example.com", system.admin_gateway.url),
        ("http://127.0.0.1:8002", system.query_gateway.url),
        ('"acme"', f'"{system.tenant.tenant_id}"'),
    ):
        program = program.replace(printed, real)
    return program


def extract_samples(path: str, language: str, *, section: str = "") -> str:
    """Return the samples of a document or a section, as they are printed."""
    document = (PROJECT_ROOT / path).read_text()
    if section:
        _, found, document = document.partition(f"\n## {section}\n")
        assert found, f"{path} has no section {section}"
        document = document.partition("\n## ")[0]
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", document, re.DOTALL))
