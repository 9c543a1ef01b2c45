"""Workbuoy's service: things, their attachments, and who may see them."""

__version__ = "0.4.0"
