"""Examples of reports in the OpenAPI document."""

from typing import Any

from coupon_core.schemas.phoenix_documents import EXAMPLE_COUPON

PERIOD: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "from": "2025-01-14T23:00:00Z",
    "to": "2025-01-16T23:00:00Z",
    "counted_until": "2025-01-16T21:04:12Z",
    "subjects": [{"kind": "campaign", "id": "campaign_001", "name": "Launch"}],
}
COUNTS_ON_FIRST_DAY = {"redeemed": 40, "reversed": 1, "refused": 5, "validated": 60}
COUNTS_ON_SECOND_DAY = {"redeemed": 2, "reversed": 0, "refused": 0, "validated": 3}
TOTALS = {"redeemed": 42, "reversed": 1, "refused": 5, "validated": 63}
SERIES = [
    {"start": "2025-01-14T23:00:00Z", **COUNTS_ON_FIRST_DAY},
    {"start": "2025-01-15T23:00:00Z", **COUNTS_ON_SECOND_DAY},
]
REDEMPTION_REPORT = {"interval": "day", **PERIOD, "series": SERIES, "totals": TOTALS}
FUNNEL_REPORT = {
    **PERIOD,
    "totals": {"generated": 100, "assigned": 80, "validated": 63, "redeemed": 42},
}
REFUSAL_REPORT = {
    **PERIOD,
    "resolution": "quarter_hour",
    "refusals": [
        {"action": "redeem", "reason": "COUPON_EXPIRED", "refused": 5},
        {"action": "validate", "reason": "COUPON_EXPIRED", "refused": 2},
    ],
    "totals": {"refused": 5},
}
TOP_REPORT = {
    **PERIOD,
    "by": "definition",
    "rows": [
        {
            "id": EXAMPLE_COUPON["definition_id"],
            "name": "Welcome",
            "code_count": 1,
            "redeemed": 42,
            "reversed": 1,
        }
    ],
}
CAMPAIGN_COMPARISON = {
    "interval": "day",
    **PERIOD,
    "subjects": [
        {"kind": "campaign", "id": "campaign_001", "name": "Launch"},
        {"kind": "campaign", "id": "campaign_002", "name": "Winter"},
    ],
    "campaigns": [
        {
            "campaign_id": "campaign_001",
            "name": "Launch",
            "series": SERIES,
            "totals": TOTALS,
        },
        {
            "campaign_id": "campaign_002",
            "name": "Winter",
            "series": SERIES,
            "totals": TOTALS,
        },
    ],
}
