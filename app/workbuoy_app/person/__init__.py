"""One person's data in one tenant: exported as open archives, or erased so that no backup brings them back.

A person is a member, named by the member's id, which names nobody. One-off commands of the image; the service loads
none of this.
"""
