"""The admin gateway: what those who run a coupon programme call."""
