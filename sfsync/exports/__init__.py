"""Tables and documents out: a table or an invoice in, a file's bytes out.

Nothing here opens the ledger or a file: rows come in one by one, bytes go to a stream. The formats
differ in what they show, never in what is true: each says the same of the same rows.
"""
