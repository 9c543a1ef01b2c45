"""One module a revision; each has a way back."""
