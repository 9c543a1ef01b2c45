"""What a restored copy of the database gives back: one tenant's rows and files as they were at a moment.

One-off commands of the image; the service loads the erasure ledger alone.
"""
