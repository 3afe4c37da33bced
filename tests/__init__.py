"""Tests, in directories that mirror the packages."""

import pytest

# Before anything imports these modules, so that their failed assertions show values.
pytest.register_assert_rewrite(
    "tests.support.invariants",
    "tests.support.printed_examples",
    "tests.support.printed_programs",
    "tests.authorization.access_tester",
    "tests.chaos.fault_scenarios",
)
