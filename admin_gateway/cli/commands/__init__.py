"""One module per command of couponctl."""
