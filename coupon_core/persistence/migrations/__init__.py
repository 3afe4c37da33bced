"""The schema's history: hand-written SQL, one numbered file a step."""
