"""What a validate costs the server, beside a hello that only checks a token."""

from tests.bench.model import Row, cpu_of_one
from tests.bench.runners.hello import Hello
from tests.bench.runners.validate import Validate

ROW = Row(
    name="validate_cpu",
    what="validate through the gateway: CPU of gateway + PostgreSQL",
    compared_with="Flask + JWT hello: CPU of gunicorn",
    measured=Validate,
    baseline=Hello,
    metric=cpu_of_one,
    at_most=1.4,
)
