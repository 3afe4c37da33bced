"""The system held against a model of it: a long random life, over HTTP."""
