"""What was declared or stands: resources, references between them, and values that are not known or not shown.

The ground room. It knows nothing of rehearsals, reviews or policies: each of them makes a graph, and `facts` says
what a graph means.
"""

from graph.graph import Graph
from graph.marks import Mark, Masked, Secret, Unknown
from graph.resource import Resource

__all__ = ["Graph", "Mark", "Masked", "Resource", "Secret", "Unknown"]
