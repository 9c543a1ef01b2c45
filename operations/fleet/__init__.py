"""`workbuoy fleet`: a release to many customers' own stacks, in waves, by runners that share a journal."""
