"""The org's sign-in: the flows of an External Client App, over plain HTTP on loopback."""
