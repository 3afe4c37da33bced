"""Checks that the stored rows match the requests that were made."""

import psycopg

STORED_COUNTS_SQL = """
    SELECT (SELECT count(*) FROM redemption),
        (SELECT sum(redemption_count) FROM coupon),
        (SELECT count(*) FROM outbox WHERE event_type = 'coupon.redeemed')
"""
COUNT_NAMES = ("redemptions", "uses of coupons", "events")


def find_mismatches(
    url: str, runner_name: str, completed: int, unanswered: int = 0
) -> list[str]:
    """Return a line for every stored count that is not the number of redeems.

    Redeems whose answer was not received may be stored or not, but in all three tables.
    """
    with psycopg.connect(url) as connection:
        found = connection.execute(STORED_COUNTS_SQL).fetchone() or ()
    possible = range(completed, completed + unanswered + 1)
    expected = found[0] if found[0] in possible else completed
    return [
        f"{runner_name}: {expected} redeems were done, but {count} {name} are stored"
        for name, count in zip(COUNT_NAMES, found, strict=True)
        if count != expected
    ]
