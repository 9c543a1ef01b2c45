"""A Pulumi project on disk, as the commands see it: its stacks, and where each stands. The program never imports it."""
