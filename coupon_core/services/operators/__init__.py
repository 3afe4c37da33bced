"""Operators of the console: links, sign-in, sessions, memberships, second factor."""
