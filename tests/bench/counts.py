"""Whether what was stored is what was done."""

import psycopg

STORED = """
    SELECT (SELECT count(*) FROM redemption),
        (SELECT sum(redemption_count) FROM coupon),
        (SELECT count(*) FROM outbox WHERE event_type = 'coupon.redeemed')
"""
NAMES = ("redemptions", "uses of coupons", "events")


def wrong(url: str, done: int, who: str) -> list[str]:
    """A line for every count in the database that is not the number of redeems."""
    with psycopg.connect(url) as connection:
        found = connection.execute(STORED).fetchone() or ()
    return [
        f"{who}: {done} redeems were done, but {count} {name} are stored"
        for name, count in zip(NAMES, found, strict=True)
        if count != done
    ]
