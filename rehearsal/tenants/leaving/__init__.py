"""Customers with a stack of their own leave in a rehearsal."""
