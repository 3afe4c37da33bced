"""How a large stock of codes behaves: growth, and files by the million."""
