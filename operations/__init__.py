"""The `workbuoy` command."""
