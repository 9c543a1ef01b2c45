"""A customer's data handed over: exported by a task, read again, handed over by a link that expires."""
