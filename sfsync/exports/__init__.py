"""Tables and documents out. Nothing yet."""
