"""What a coupon is and may do; knows no gateway."""
