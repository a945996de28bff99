"""Questions asked of the ledger: revenue, allocation, pipeline, uninvoiced deals, aging.

Each question is answered from the records of one reading pass, so that every total can be traced to
the records behind it. No answer adds across currencies, and none depends on the time zone of the
process. The words are those of the product: *recognised* is the net credit on revenue accounts by
posting date, *billed* is posted invoices less credit notes, *booked* is won deals.
"""
