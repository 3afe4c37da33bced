"""`couponctl doctor`: check this machine and its configuration."""
