"""The authorisation matrix: every route, every credential, every ownership."""
