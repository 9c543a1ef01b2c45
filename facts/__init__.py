"""What a graph means, each thing said once and typed: no prose, no captions, no verdicts.

Stores of data and how long they live, reach (who may do what), exposure (what is reachable from where), safeguards,
places, and the one list of resource types. Rehearsal, policies and operations read facts; facts read only the graph.
"""
