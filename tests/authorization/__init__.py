"""The access matrix: every route with every credential and every owner."""
