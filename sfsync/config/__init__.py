"""mappings.yaml to typed settings; all problems with file, line and column; JSON Schema."""
