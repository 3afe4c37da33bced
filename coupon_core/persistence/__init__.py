"""The database: connections, tables, migrations and repositories."""
