"""How many redeems a second go through the gateway, beside the bare statement."""

from tests.bench.model import Row, rate
from tests.bench.runners.by_hand import ByHand
from tests.bench.runners.redeem import Redeem

ROW = Row(
    name="redeem_throughput",
    what="redeem through the gateway: requests a second",
    compared_with="one hand-written CTE under pgbench",
    measured=Redeem,
    baseline=ByHand,
    metric=rate,
    at_least=0.30,
)
