"""`workbuoy review`: what a reviewer must see of a planned change, and what may not pass without a waiver."""
