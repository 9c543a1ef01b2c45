"""Several customers' stacks in one rehearsal: stood up beside each other, and proof of who can reach what."""
