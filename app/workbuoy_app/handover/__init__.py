"""A customer's data handed over: everything that one tenant has, in a form that needs nothing of ours to be read.

The form is docs/export-format.md. One-off commands of the image; the service loads none of this.
"""
