"""sfsync turns closed Salesforce deals into invoices in a ledger you own."""

__version__ = "0.1.0"
