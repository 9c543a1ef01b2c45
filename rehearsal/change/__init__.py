"""The change from what stands to what comes, made in moto as the engine makes it."""
