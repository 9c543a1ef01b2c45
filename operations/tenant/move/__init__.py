"""`workbuoy tenant move`: a customer moves to another base stack, which may lie in another region, and back."""
