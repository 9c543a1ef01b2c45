"""`workbuoy bootstrap`: what a person runs once in an account."""
