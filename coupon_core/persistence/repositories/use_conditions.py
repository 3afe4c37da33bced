"""The conditions under which a use that was decided before may still be written."""

# Both writes require that coupon and definition are unchanged since the decision. A
# change of these columns waits for running redemptions (lock_coupons_exclusively).
UNCHANGED_DEFINITION_CONDITION = """
    EXISTS (SELECT 1 FROM definition d
    WHERE d.tenant_id = :tenant_id AND d.definition_id = :definition_id
    AND d.per_code_limit = :per_code_limit AND d.per_user_limit = :per_user_limit
    AND d.total_limit = :total_limit AND d.user_period_limit = :user_period_limit
    AND d.suspended_at IS NULL
    AND d.custom_code = :custom_code AND d.case_sensitive = :case_sensitive)
"""
ACTIVE_SHARED_CODE_CONDITION = """
    EXISTS (SELECT 1 FROM shared_code s
    WHERE s.tenant_id = :tenant_id AND s.code_key = :code_key
    AND s.definition_id = :definition_id AND s.revoked_at IS NULL)
"""
SAME_PERIOD_CONDITION = """
    EXISTS (SELECT 1 FROM definition d WHERE d.tenant_id = :tenant_id
    AND d.definition_id = :definition_id AND d.user_period = :user_period)
"""
UNSUSPENDED_BATCH_CONDITION = """
    NOT EXISTS (SELECT 1 FROM batch b
    WHERE b.tenant_id = :tenant_id AND b.batch_id = :batch_id
    AND b.suspended_at IS NOT NULL)
"""
UNSUSPENDED_CAMPAIGN_CONDITION = """
    NOT EXISTS (SELECT 1 FROM campaign a
    WHERE a.tenant_id = :tenant_id AND a.campaign_id = :campaign_id
    AND a.suspended_at IS NOT NULL)
"""
UNCHANGED_COUPON_CONDITION = f"""
    tenant_id = :tenant_id AND coupon_id = :coupon_id
    AND redemption_count = :seen_count AND refund_count = :seen_refunds
    AND reserved_count = :seen_reserved
    AND user_id = :seen_user_id AND revoked_at IS NULL AND returned_at IS NULL
    AND {UNCHANGED_DEFINITION_CONDITION}
"""
