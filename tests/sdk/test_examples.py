"""Every example in a docstring runs against real gateways."""

from __future__ import annotations

import pytest

from tests.sdk.conftest import RunningSystem
from tests.sdk.examples import ExampleRunner, list_docstrings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True),
]
DOCSTRINGS = {name: text for name, text in list_docstrings() if ">>>" in text}


def test_every_example_shows_what_the_gateways_answer(system: RunningSystem) -> None:
    failures = []
    with system.open_admin() as admin, system.open_coupons() as coupons:
        runner = ExampleRunner(system, admin, coupons)
        for name, text in sorted(DOCSTRINGS.items(), key=rotates_secrets):
            failures += runner.run(name, text)
    assert not failures, "".join(failures)


def rotates_secrets(docstring: tuple[str, str]) -> bool:
    """Return True if the client cannot sign requests after the examples."""
    return ".keys.Secrets." in docstring[0]
