"""The parts of the gunicorn worker: parser, connections, polling and responses."""
