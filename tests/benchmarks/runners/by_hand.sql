-- A redeem as somebody would write it who has nothing but PostgreSQL: the coupon is
-- found by its code for its user, every rule is asked, the use is counted, recorded
-- and announced, and the row comes back. Each client has a share of the numbers.
\set i :i + 1
\set number :first + :client_id * :share + :i
\set n :number * :step % :pool
\set user :n % :users
WITH asked AS (
    SELECT 'BENCH' || lpad((:n)::text, 8, '0') AS code, 'player_' || :user AS user_id
),
seen AS (
    SELECT c.coupon_id, c.definition_id, c.user_id, c.code, c.generated_at,
        COALESCE(c.expires_at, d.expires_at) AS expires_at, c.redemption_count,
        d.name AS definition_name, r.item_id, r.name, r.description, r.reward_type,
        r.payload
    FROM asked a
    JOIN coupon c ON c.tenant_id = 'bench' AND c.code_key = a.code
        AND c.code_scope IN ('', a.user_id, a.code || '/' || a.user_id)
        AND c.user_id IN ('', a.user_id)
    JOIN definition d ON d.tenant_id = c.tenant_id
        AND d.definition_id = c.definition_id
    JOIN reward_item r ON r.tenant_id = d.tenant_id AND r.item_id = d.reward_item_id
    WHERE (c.code = a.code OR NOT d.case_sensitive) AND c.revoked_at IS NULL
    AND (d.per_code_limit = 0 OR c.redemption_count < d.per_code_limit)
    AND d.status <> 'archived'
    AND COALESCE(c.expires_at, d.expires_at, 'infinity') >= now()
    AND COALESCE(d.starts_at, '-infinity') <= now()
    AND (d.total_limit = 0 OR d.used_count < d.total_limit)
),
used AS (
    UPDATE coupon c SET redemption_count = c.redemption_count + 1, redeemed_at = now()
    FROM seen s
    WHERE c.tenant_id = 'bench' AND c.coupon_id = s.coupon_id
    AND c.redemption_count = s.redemption_count AND c.revoked_at IS NULL
    RETURNING c.redemption_count AS use_number, c.redeemed_at, s.*
),
recorded AS (
    INSERT INTO redemption (tenant_id, coupon_id, use_number, redemption_id,
        definition_id, user_id, dialect, redeemed_at)
    SELECT 'bench', coupon_id, use_number, :number, definition_id, user_id, 'phoenix',
        redeemed_at FROM used
),
announced AS (
    INSERT INTO outbox (tenant_id, event_id, event_type, subject, occurred_at, data,
        state)
    SELECT 'bench', ('01900000-0000-7000-8000-' || lpad((:number)::text, 12, '0'))::uuid,
        'coupon.redeemed', user_id, redeemed_at,
        json_build_object(
            'redemption_id', (:number)::bigint, 'use_number', use_number, 'dialect', 'phoenix',
            'coupon', json_build_object(
                'id', coupon_id, 'definition_id', definition_id,
                'definition_name', definition_name, 'tenant_id', 'bench',
                'user_id', user_id, 'code', code, 'status', 'redeemed',
                'generated_at', generated_at, 'expires_at', expires_at,
                'redeemed_at', redeemed_at, 'redemption_count', use_number,
                'coupon_type', 'reward', 'reward_item', json_build_object(
                    'item_id', item_id, 'name', name, 'description', description,
                    'reward_type', reward_type, 'payload', payload::json
                )
            )
        )::text, 'pending'
    FROM used
)
SELECT * FROM used;
