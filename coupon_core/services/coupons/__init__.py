"""Generate, validate, redeem, revoke and expire coupons."""
