"""The service itself, started with exactly what the stack declares, and tried end to end."""
