"""Policy documents: reading them, linting them, and who may do what."""
