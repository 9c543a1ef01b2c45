"""Customers move to another base stack and back in a rehearsal: under traffic, under the gate, with real databases."""
