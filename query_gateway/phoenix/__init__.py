"""The Phoenix API in both path styles."""
