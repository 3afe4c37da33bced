"""Request schemas and parsers of the admin API; the command line uses them too."""
