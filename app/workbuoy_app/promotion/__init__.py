"""A tenant moves from a shared database and bucket to its own: exported, imported, compared, removed.

One-off commands of the image; the service loads none of this.
"""
