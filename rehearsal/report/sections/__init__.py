"""The sections of a report, each from the graph to HTML."""
