"""One person of a customer's: exported, or erased for good."""
