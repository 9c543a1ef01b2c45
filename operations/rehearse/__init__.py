"""`workbuoy rehearse`: a stack stood up in moto, read back, compared."""
