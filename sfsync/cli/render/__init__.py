"""How results become output: JSON documents, tables, terminal screens, files."""
