"""Several customers' stacks at once: a scheduler that knows nothing of stacks, its journal, and what joins them."""
