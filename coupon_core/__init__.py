"""What a coupon is and may do, whichever gateway asks."""
