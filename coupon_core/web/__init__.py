"""The Flask that both gateways share: strict input, one error shape, documents.

Nothing is imported here, so that a worker may take `fields`, `schemas` or
`strict_json` without loading Flask.
"""
