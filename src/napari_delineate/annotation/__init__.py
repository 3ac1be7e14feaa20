"""Annotate by hand: edits of labels, the tools that make them, and what they know of objects.

Nothing here knows of a viewer. Tools take arrays and return an `Edit`, so that they work on
what is shown of a layer, whatever its data lie in.
"""
