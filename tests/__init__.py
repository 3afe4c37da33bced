"""The tests; they mirror the packages."""

import pytest

# Before anything imports it: so that a broken invariant says what it found.
pytest.register_assert_rewrite(
    "tests.support.invariants",
    "tests.support.printed_examples",
    "tests.support.printed_programs",
    "tests.authorization.access_tester",
    "tests.chaos.fault_scenarios",
)
