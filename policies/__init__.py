"""Workbuoy's controls on AWS: the catalogue, the CrossGuard pack and the runner that checks a recorded graph."""
