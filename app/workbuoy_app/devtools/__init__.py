"""For laptops, tests and the rehearsal; nothing of the service imports it."""
