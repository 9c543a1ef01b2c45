"""`workbuoy pipeline`: what a workflow found, as one comment, one issue, or the job's summary."""
