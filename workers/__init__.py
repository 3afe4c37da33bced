"""The workers: milestones in, coupons made, changes out."""
