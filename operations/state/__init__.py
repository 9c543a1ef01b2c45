"""`workbuoy state check`: no secret value stands in a stack's state in clear."""
