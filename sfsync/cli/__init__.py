"""The command line: one file per command group; parses, calls, renders."""
