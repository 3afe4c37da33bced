"""Redeems per second through the gateway, compared with the bare SQL statement."""

from tests.benchmarks.model import BenchmarkCase, requests_per_second
from tests.benchmarks.runners.by_hand import ByHand
from tests.benchmarks.runners.redeem import Redeem

CASE = BenchmarkCase(
    name="redeem_throughput",
    description="redeem through the gateway: requests per second",
    compared_with="one hand-written CTE under pgbench",
    measured=Redeem,
    baseline=ByHand,
    metric=requests_per_second,
    min_ratio=0.30,
)
