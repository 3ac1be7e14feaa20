"""Annotate labels in the canvas: the tools, what they see of a layer, and how edits get in."""
