"""Check this machine: `couponctl doctor`."""
