"""`workbuoy locate`: where a customer's data are, who can read them, and whether residency allows it."""
