"""Redeems of one shared code per second, compared with those of different codes."""

from tests.benchmarks.model import BenchmarkCase, requests_per_second
from tests.benchmarks.runners.hot_code import RedeemHotCode
from tests.benchmarks.runners.redeem import MANY_CLIENTS, RedeemByMany

CASE = BenchmarkCase(
    name="hot_code",
    description="redeem of one shared hot code with a total limit, "
    f"{MANY_CLIENTS} clients: requests per second",
    compared_with="redeem of different codes",
    measured=RedeemHotCode,
    baseline=RedeemByMany,
    metric=requests_per_second,
    min_ratio=0.80,
)
