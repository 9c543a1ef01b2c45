"""One file a component, named by what it does for the user."""
