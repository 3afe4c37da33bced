"""Players redeem their own codes, each code once."""

from tests.benchmarks import counts
from tests.benchmarks.environment import MAX_REDEMPTIONS_PER_SECOND, Environment
from tests.benchmarks.http import build_post
from tests.benchmarks.load import LoadPlan
from tests.benchmarks.model import Sample

MANY_CLIENTS = 64


class Redeem:
    """`POST /v1/coupons/redeem/CODE` by the owners of the codes."""

    name = "redeem"
    clients: int | None = None  # as many as the options say

    def __init__(self, environment: Environment) -> None:
        self.environment, self.players = environment, environment.players
        self.server_pids = environment.gateway_pids

    def run(self, seconds: float) -> Sample:
        """Run one round."""
        requests = self._build_requests(int(seconds * MAX_REDEMPTIONS_PER_SECOND))
        work = LoadPlan(self.environment.gateway.port, requests, seconds)
        sample = self.environment.drive(work, self.server_pids, self.clients)
        self.environment.redeem_count += sample.completed
        self.environment.unanswered_redeem_count += sample.unanswered
        return sample

    def _build_requests(self, count: int) -> list[bytes]:
        share = self.environment.coupons.allocate(count)
        return [self._build_request(code, user) for code, user in share]

    def _build_request(self, code: str, user: str) -> bytes:
        token = self.players.tokens[user]
        return build_post(f"/v1/coupons/redeem/{code}", token, {"user_id": user})

    def find_mismatches(self) -> list[str]:
        """Each redeem must be exactly one redemption, one use, and one event."""
        return counts.find_mismatches(
            self.environment.database_url("gateway"),
            self.name,
            self.environment.redeem_count,
            unanswered=self.environment.unanswered_redeem_count,
        )


class RedeemByMany(Redeem):
    """The same by 64 clients."""

    name = "redeem by many"
    clients = MANY_CLIENTS
