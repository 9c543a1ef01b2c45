"""IAM: reading policy documents, the actions that AWS knows, and deciding requests by its documented logic."""
