"""How many customers' own stacks fit into a base stack, a region and an account, and by which of AWS's limits."""
