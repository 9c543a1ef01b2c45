"""Rehearsals in forks of a process that has everything imported: on each save, and of many stacks at once."""
