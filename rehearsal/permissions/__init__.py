"""Judging requests by IAM's documented logic, since moto's own does not hold where it matters (docs/architecture.md).

What passes here was judged by this package, not by AWS.
"""
