"""The console: pages on the admin gateway for people. See docs/console.md."""
