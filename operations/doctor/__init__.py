"""`workbuoy doctor`: what is here, what is missing, and the one command that puts it right."""
