"""The REST API of the org."""
