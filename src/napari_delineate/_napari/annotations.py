"""Know what the labels of layers mean, and which of their objects were looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from napari_delineate.annotation.meaning import Annotation

if TYPE_CHECKING:
    from napari_delineate._napari.session import Session

__all__ = ["Annotations"]


class Annotations:
    """Know what labels mean; all who edit the layers of a session share it.

    What the labels of inputs mean belongs to the workflow, where it is undone and saved; what
    those of other layers mean is known as long as the session.

    Parameters
    ----------
    session : Session
        The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[Any, Annotation] = {}  # unique_id of a layer -> what nobody else knows
        self._seen: dict[Any, set[int]] = {}  # unique_id of a layer -> objects
        session.changed.connect(self._keep_seen)

    def of(self, layer: Labels) -> Annotation:
        """Return what the labels of a layer mean."""
        described = self._described(self._session.name_of(layer))
        return self._known.get(layer.unique_id, Annotation()) if described is None else described

    def annotate(self, layer: Labels, annotation: Annotation) -> None:
        """Change what the labels of a layer mean; `LayerError` if the layer can not be used."""
        session = self._session
        workflow, wired = session.wire({"labels": layer})
        name = str(wired["labels"])
        if workflow.maker(name) is not None:
            self._known[layer.unique_id] = annotation  # the workflow says how it is computed
            session.changed.emit()
            return
        described = replace(workflow.inputs[name], annotation=annotation)
        session.apply(workflow.add_input(name, described))

    def seen(self, layer: Labels) -> set[int]:
        """Return the objects of a layer that were looked at."""
        if layer.unique_id not in self._seen:
            self._seen[layer.unique_id] = set(self.of(layer).seen)
        return self._seen[layer.unique_id]

    def see(self, layer: Labels, number: int, *, seen: bool = True) -> None:
        """Note that an object was looked at, or not; that is never undone."""
        known = self.seen(layer)
        (known.add if seen else known.discard)(number)
        self._keep_seen()

    def _keep_seen(self) -> None:
        """Let the workflow say what was looked at, whatever is undone."""
        session = self._session
        workflow = session.workflow
        for name, described in workflow.inputs.items():
            layer = None if described.annotation is None else session.layer(name)
            if described.annotation is None or layer is None or layer.unique_id not in self._seen:
                continue
            seen = tuple(sorted(self._seen[layer.unique_id]))
            if described.annotation.seen != seen:
                annotation = replace(described.annotation, seen=seen)
                workflow = workflow.add_input(name, replace(described, annotation=annotation))
        if workflow != session.workflow:
            session.amend(workflow)

    def _described(self, name: str | None) -> Annotation | None:
        described = None if name is None else self._session.workflow.inputs.get(name)
        return None if described is None else described.annotation
