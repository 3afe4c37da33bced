"""Reads and writes in the domain's words; every module is a noun and gives values."""
