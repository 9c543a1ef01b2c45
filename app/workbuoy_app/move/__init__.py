"""A tenant moves to another database and bucket while it serves, and back again as long as both have it.

The sender ships batches into the other place's bucket: all rows in pieces, then what changed since. The receiver
applies each batch in one transaction with its number, so that it may be killed at any point. A cut-over
freezes the tenant for the last batch alone. One-off commands of the image; the service loads none of this.
"""
