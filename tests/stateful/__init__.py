"""The system held against a model of it: a long random life, over HTTP."""

import pytest

# What an assertion there compares is shown as it is for those in tests.
pytest.register_assert_rewrite(
    "tests.stateful.api_client",
    "tests.stateful.list_checks",
    "tests.stateful.machine_base",
    "tests.stateful.offer_rules",
    "tests.stateful.coupon_rules",
)
