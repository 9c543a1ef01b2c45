"""What an AWS account needs once, before any stack: state, registry, trust in GitHub, roles, trail, budget."""
