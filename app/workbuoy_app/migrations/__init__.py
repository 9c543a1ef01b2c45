"""The schema's history. Expand first, contract a release later: the previous release runs on every new schema."""
