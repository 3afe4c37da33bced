"""Property-based tests of both gateways against a reference model, over HTTP."""

import pytest

# So that their failed assertions show values, as those of test modules do.
pytest.register_assert_rewrite(
    "tests.stateful.api_client",
    "tests.stateful.list_checks",
    "tests.stateful.machine_base",
    "tests.stateful.offer_rules",
    "tests.stateful.coupon_rules",
)
