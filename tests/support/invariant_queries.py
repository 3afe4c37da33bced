"""The invariants of the database as queries: each returns the rows that break it."""

from __future__ import annotations

# The used_count of a definition that counts in slots says only that it does.
TOTAL_USAGE = """(SELECT d.tenant_id, d.definition_id, d.name, d.total_limit,
    d.awarded_only, CASE WHEN d.used_count < 1500000000 THEN d.used_count
    ELSE d.used_count - 2000000000 + sum(s.used_count) END AS used_count
    FROM definition d LEFT JOIN definition_usage_slot s
    ON s.tenant_id = d.tenant_id AND s.definition_id = d.definition_id
    GROUP BY d.tenant_id, d.definition_id, d.name, d.total_limit, d.awarded_only,
    d.used_count)"""
# What the counters of limits count: uses that were not given back, and reserved ones
# until they are confirmed, released or reclaimed.
COUNTED_USES = """(SELECT tenant_id, definition_id, user_id, period_key
    FROM redemption WHERE refunded_at IS NULL
    UNION ALL SELECT tenant_id, definition_id, user_id, period_key
    FROM reservation WHERE state = 'held')"""
# Each query returns the rows that break a rule; its columns are for the message.
VIOLATION_QUERIES = {
    "I1: a coupon was used more often than its definition allows": """
        SELECT c.code, c.redemption_count, d.per_code_limit FROM coupon c
        JOIN definition d
        ON d.tenant_id = c.tenant_id AND d.definition_id = c.definition_id
        WHERE d.per_code_limit > 0 AND c.redemption_count > d.per_code_limit
    """,
    "I1: the slots of a definition share another number than its total limit": """
        SELECT d.name, d.total_limit, sum(s.max_count) FROM definition d
        JOIN definition_usage_slot s
        ON s.tenant_id = d.tenant_id AND s.definition_id = d.definition_id
        WHERE d.used_count >= 1500000000
        GROUP BY d.tenant_id, d.definition_id, d.name, d.total_limit, d.used_count
        HAVING sum(s.max_count) <> d.total_limit + 2000000000 - d.used_count
        OR count(*) <> 16
    """,
    "I1, I2: uses of a definition with a total limit": f"""
        SELECT d.name, d.used_count, d.total_limit, count(r.user_id)
        FROM {TOTAL_USAGE} d LEFT JOIN {COUNTED_USES} r
        ON r.tenant_id = d.tenant_id AND r.definition_id = d.definition_id
        WHERE d.total_limit > 0 AND NOT d.awarded_only
        GROUP BY d.tenant_id, d.definition_id, d.name, d.used_count, d.total_limit
        HAVING d.used_count <> count(r.user_id) OR d.used_count > d.total_limit
    """,
    "I1, I2: coupons given out under a total limit of awards": """
        SELECT d.name, d.used_count, d.total_limit, count(c.coupon_id)
        FROM definition d LEFT JOIN coupon c
        ON c.tenant_id = d.tenant_id AND c.definition_id = d.definition_id
        AND c.user_id <> '' AND c.returned_at IS NULL
        WHERE d.total_limit > 0 AND d.awarded_only
        GROUP BY d.tenant_id, d.definition_id, d.name, d.used_count, d.total_limit
        HAVING d.used_count <> count(c.coupon_id) OR d.used_count > d.total_limit
    """,
    "I1, I2: uses by a user over all codes of a definition": f"""
        SELECT d.name, r.user_id, count(*), max(u.used_count), d.per_user_limit
        FROM definition d JOIN {COUNTED_USES} r
        ON r.tenant_id = d.tenant_id AND r.definition_id = d.definition_id
        LEFT JOIN user_usage u
        ON u.tenant_id = r.tenant_id AND u.definition_id = r.definition_id
        AND u.user_id = r.user_id
        WHERE d.per_user_limit > 0
        GROUP BY d.tenant_id, d.definition_id, d.name, r.user_id, d.per_user_limit
        HAVING count(*) <> COALESCE(max(u.used_count), 0)
        OR count(*) > d.per_user_limit
    """,
    "I2: uses by a user in a period": f"""
        SELECT d.name, r.user_id, r.period_key, count(*), max(u.used_count)
        FROM definition d JOIN {COUNTED_USES} r
        ON r.tenant_id = d.tenant_id AND r.definition_id = d.definition_id
        AND r.period_key <> ''
        JOIN user_period_usage u
        ON u.tenant_id = r.tenant_id AND u.definition_id = r.definition_id
        AND u.user_id = r.user_id AND u.period_key = r.period_key
        WHERE d.user_period_limit > 0
        GROUP BY d.tenant_id, d.definition_id, d.name, r.user_id, r.period_key
        HAVING count(*) <> max(u.used_count)
    """,
    "I2: a use per period that no redemption made": f"""
        SELECT u.user_id, u.period_key, u.used_count FROM user_period_usage u
        WHERE u.used_count > 0 AND NOT EXISTS (SELECT 1 FROM {COUNTED_USES} r
            WHERE r.tenant_id = u.tenant_id AND r.definition_id = u.definition_id
            AND r.user_id = u.user_id AND r.period_key = u.period_key)
    """,
    "I2: a use per user that no redemption made": f"""
        SELECT d.name, u.user_id, u.used_count FROM user_usage u JOIN definition d
        ON d.tenant_id = u.tenant_id AND d.definition_id = u.definition_id
        WHERE d.per_user_limit > 0 AND u.used_count <> (
            SELECT count(*) FROM {COUNTED_USES} r
            WHERE r.tenant_id = u.tenant_id AND r.definition_id = u.definition_id
            AND r.user_id = u.user_id)
    """,
    "I2: reserved uses of a coupon": """
        SELECT c.code, c.reserved_count, count(r.reservation_id)
        FROM coupon c LEFT JOIN reservation r
        ON r.tenant_id = c.tenant_id AND r.coupon_id = c.coupon_id
        AND r.state = 'held'
        GROUP BY c.tenant_id, c.coupon_id, c.code, c.reserved_count
        HAVING c.reserved_count <> count(r.reservation_id)
    """,
    "I2: a coupon's uses are not numbered from 1 to its count": """
        SELECT c.code, c.redemption_count, c.refund_count, count(r.use_number),
        count(r.refunded_at), max(r.use_number)
        FROM coupon c LEFT JOIN redemption r
        ON r.tenant_id = c.tenant_id AND r.coupon_id = c.coupon_id
        GROUP BY c.tenant_id, c.coupon_id, c.code, c.redemption_count, c.refund_count
        HAVING c.refund_count <> count(r.refunded_at)
        OR c.redemption_count + c.refund_count <> count(r.use_number)
        OR count(r.use_number) <> COALESCE(max(r.use_number), 0)
    """,
    "I2: a use without its coupon, or by another than its holder": """
        SELECT r.coupon_id, r.user_id, c.user_id FROM redemption r
        LEFT JOIN coupon c ON c.tenant_id = r.tenant_id AND c.coupon_id = r.coupon_id
        WHERE c.coupon_id IS NULL OR c.user_id <> r.user_id
        OR c.definition_id <> r.definition_id
    """,
    "I2: a use that was reversed but not given back": """
        SELECT coupon_id, use_number FROM redemption
        WHERE reversed_at IS NOT NULL AND refunded_at IS NULL
    """,
    "I2: a coupon without the time of its use, or with one but no use": """
        SELECT code, redemption_count, redeemed_at FROM coupon
        WHERE (redemption_count > 0) <> (redeemed_at IS NOT NULL)
    """,
    "a balance that is not the sum of its entries": """
        SELECT w.user_id, w.point_id, w.balance, sum(e.amount) FROM wallet w
        LEFT JOIN point_entry e ON e.tenant_id = w.tenant_id
        AND e.user_id = w.user_id AND e.point_id = w.point_id
        GROUP BY w.tenant_id, w.user_id, w.point_id, w.balance
        HAVING w.balance <> COALESCE(sum(e.amount), 0) OR w.balance < 0
    """,
    "an entry without its wallet": """
        SELECT e.user_id, e.point_id, e.amount FROM point_entry e
        LEFT JOIN wallet w ON w.tenant_id = e.tenant_id
        AND w.user_id = e.user_id AND w.point_id = e.point_id
        WHERE w.user_id IS NULL
    """,
    "a coupon that was bought is not paid for once, or refunded other than once": """
        SELECT p.coupon_id, p.points, p.refunded_at, sum(e.amount), count(e.amount)
        FROM purchase p LEFT JOIN point_entry e
        ON e.tenant_id = p.tenant_id AND e.reference = CAST(p.coupon_id AS text)
        AND e.kind IN ('buy', 'refund')
        AND e.user_id = p.user_id AND e.point_id = p.point_id
        GROUP BY p.tenant_id, p.coupon_id, p.points, p.refunded_at
        HAVING count(e.amount) <> CASE WHEN p.refunded_at IS NULL THEN 1 ELSE 2 END
        OR sum(e.amount) <> CASE WHEN p.refunded_at IS NULL THEN -p.points ELSE 0 END
    """,
    "points were paid or refunded for no purchase": """
        SELECT e.reference, e.kind, e.amount FROM point_entry e LEFT JOIN purchase p
        ON p.tenant_id = e.tenant_id AND CAST(p.coupon_id AS text) = e.reference
        WHERE e.kind IN ('buy', 'refund') AND p.coupon_id IS NULL
    """,
    "a coupon that was returned without its refund, or refunded without a return": """
        SELECT c.code, c.user_id, c.returned_at, p.refunded_at FROM coupon c
        LEFT JOIN purchase p
        ON p.tenant_id = c.tenant_id AND p.coupon_id = c.coupon_id
        WHERE (c.returned_at IS NULL) <> (p.refunded_at IS NULL)
    """,
    "a code that is both shared and a coupon's own": """
        SELECT c.code FROM coupon c JOIN shared_code s
        ON s.tenant_id = c.tenant_id AND s.code_key = c.code_key
        WHERE c.code_scope = ''
    """,
    "a code that an import holds and a coupon bears, or a definition shares": """
        SELECT i.code FROM import_row i
        WHERE EXISTS (SELECT 1 FROM coupon c
            WHERE c.tenant_id = i.tenant_id AND c.code_key = i.code_key)
        OR EXISTS (SELECT 1 FROM shared_code s
            WHERE s.tenant_id = i.tenant_id AND s.code_key = i.code_key)
    """,
    "I15: an import that has ended with another number of codes than was held": """
        SELECT j.job_id, j.total_count, j.done_count FROM code_job j
        WHERE j.kind = 'import' AND j.state = 'completed'
        AND (j.total_count <> j.done_count OR EXISTS (SELECT 1 FROM import_row i
            WHERE i.tenant_id = j.tenant_id AND i.job_id = j.job_id))
    """,
    "I5: an earning without its coupon": """
        SELECT e.user_id, e.occurrence FROM earned_coupon e LEFT JOIN coupon c
        ON c.tenant_id = e.tenant_id AND c.definition_id = e.definition_id
        AND c.user_id = e.user_id
        WHERE c.coupon_id IS NULL
    """,
    "I15: a batch that was completed without all its chunks": """
        SELECT b.batch_id, b.chunk_count, b.finished_chunk_count, count(k.finished_at)
        FROM batch b LEFT JOIN chunk k
        ON k.tenant_id = b.tenant_id AND k.batch_id = b.batch_id
        WHERE b.state = 'completed' AND b.kind <> 'import'
        GROUP BY b.tenant_id, b.batch_id, b.chunk_count, b.finished_chunk_count
        HAVING b.finished_chunk_count <> b.chunk_count
        OR b.finished_chunk_count <> count(k.finished_at)
    """,
    "a delivery whose tries are not numbered from 1 to its count, or not its end": """
        SELECT d.event_id, d.state, d.attempt_count, count(a.number), max(a.number)
        FROM webhook_delivery d LEFT JOIN webhook_attempt a
        ON a.tenant_id = d.tenant_id AND a.webhook_id = d.webhook_id
        AND a.event_id = d.event_id
        GROUP BY d.tenant_id, d.webhook_id, d.event_id, d.state, d.attempt_count
        HAVING d.attempt_count <> count(a.number)
        OR d.attempt_count <> COALESCE(max(a.number), 0)
        OR (d.state = 'delivered')
        <> (count(CASE WHEN a.status = 'SUCCESS' THEN 1 END) > 0)
    """,
}

# Holds once relay, fanout and deliverer have nothing left to do.
UNDELIVERED_SQL = """
    SELECT o.event_id, w.webhook_id, d.state FROM outbox o JOIN webhook w
    ON w.tenant_id = o.tenant_id AND w.event_type = o.event_type
    AND w.is_active AND w.created_at <= o.occurred_at
    LEFT JOIN webhook_delivery d
    ON d.tenant_id = w.tenant_id AND d.webhook_id = w.webhook_id
    AND d.event_id = o.event_id
    WHERE d.state IS NULL OR d.state <> 'delivered'
"""
