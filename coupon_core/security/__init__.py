"""Authentication, authorization, encryption and rate limits."""
