"""Use cases, one package per subject; each runs in one transaction."""
