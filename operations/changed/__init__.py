"""`workbuoy changed`: which stacks and customers a change touches."""
