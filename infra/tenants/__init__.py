"""Customers: the reviewed record of each (`tenants/NAME.yaml`), and what follows from it."""
