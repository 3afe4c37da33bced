"""Checks of the API documents by the tools that read them: `make check-api-docs`."""
