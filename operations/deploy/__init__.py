"""`workbuoy deploy`: review, update, wait for the rollout, try the service, and go back to the last good image."""
