"""`workbuoy drift`: what somebody changed beside the program."""
