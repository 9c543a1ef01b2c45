"""`workbuoy restore`: a copy of a database at a moment, looked at, and one customer brought back out of it."""
