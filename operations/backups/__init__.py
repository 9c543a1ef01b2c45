"""`workbuoy backups`: whether what a stack would be restored from is there and can be read, asked of the account."""
