"""Milestones received from other services, and the coupons they earn."""
