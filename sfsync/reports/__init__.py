"""Questions asked of the ledger: revenue, pipeline, aging. Nothing yet."""
