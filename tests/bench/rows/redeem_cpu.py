"""What a redeem costs the server, beside a hello that only checks a token."""

from tests.bench.model import Row, cpu_of_one
from tests.bench.runners.hello import Hello
from tests.bench.runners.redeem import Redeem

ROW = Row(
    name="redeem_cpu",
    what="redeem through the gateway: CPU of gateway + PostgreSQL",
    compared_with="Flask + JWT hello: CPU of gunicorn",
    measured=Redeem,
    baseline=Hello,
    metric=cpu_of_one,
    at_most=2.0,
)
