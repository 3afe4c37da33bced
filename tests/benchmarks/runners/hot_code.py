"""Players redeem one code that all of them have, under a total limit."""

import psycopg

from tests.benchmarks.http import build_post
from tests.benchmarks.players import HOT_CODE
from tests.benchmarks.runners.redeem import RedeemByMany

STORED_COUNTS_SQL = """
    SELECT (SELECT sum(used_count) FROM definition_usage_slot),
        (SELECT count(*) FROM redemption r JOIN definition d USING (definition_id)
        WHERE d.custom_code = %s)
"""


class RedeemHotCode(RedeemByMany):
    """`POST /v1/coupons/redeem/CODE` of the same code, once by each player."""

    name = "redeem hot"

    def _build_requests(self, count: int) -> list[bytes]:
        path, token = f"/v1/coupons/redeem/{HOT_CODE}", self.players.tenant_token
        return [
            build_post(path, token, {"user_id": user})
            for user in self.environment.coupons.allocate_users(count)
        ]

    def find_mismatches(self) -> list[str]:
        """The slots must also have counted each redemption of the code."""
        url = self.environment.database_url("gateway")
        with psycopg.connect(url) as connection:
            row = connection.execute(STORED_COUNTS_SQL, [HOT_CODE]).fetchone()
        counted, stored = row or (None, None)
        wrong = f"{self.name}: {stored} redemptions, but {counted} counted in the slots"
        return [*super().find_mismatches(), *([wrong] if counted != stored else [])]
