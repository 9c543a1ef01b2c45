"""The Pulumi program: settings in, components wired, outputs out."""
