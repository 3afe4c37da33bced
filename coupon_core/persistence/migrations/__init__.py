"""The migrations of the schema: hand-written SQL, one numbered file each."""
