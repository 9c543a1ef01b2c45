"""The sections of a report, each from the view to HTML."""
