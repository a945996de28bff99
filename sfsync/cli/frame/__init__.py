"""What every command stands in: flags, paths, the command tree, the error boundary, the log."""
