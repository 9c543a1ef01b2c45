"""`workbuoy tenant promote`: a tenant of a shared stack moves to a stack of its own."""
