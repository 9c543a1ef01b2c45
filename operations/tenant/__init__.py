"""`workbuoy tenant`: customers from their record to their leaving."""
