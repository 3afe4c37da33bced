"""Values and pure rules; imports only the standard library."""
