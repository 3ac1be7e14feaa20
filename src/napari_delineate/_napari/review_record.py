"""Keep a review in the workflow, so that it is undone, saved and opened with all else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from napari.layers import Labels

from napari_delineate._napari.anchors import APPLY
from napari_delineate._napari.session import Session
from napari_delineate.proofreading import Review
from napari_delineate.workflow import Workflow

__all__ = ["ReviewRecord"]


class ReviewRecord:
    """Put what was decided about the objects of layers into the workflow of a session.

    Parameters
    ----------
    session : Session
        The session.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, layer: Labels) -> Review | None:
        """Return what the workflow says of a layer, None if that is nothing."""
        workflow = self._session.workflow
        name = self._session.name_of(layer)
        found = (workflow.reviews.get(one) for one in _series(workflow, name))
        return next((one for one in found if one is not None), None)

    def begin(self, layer: Labels) -> None:
        """Let the workflow know a layer, so that its edits are recorded.

        Raises
        ------
        LayerError
            If it can not be used.
        """
        if self._session.name_of(layer) is None:
            self.decide(layer, Review())

    def decide(self, layer: Labels, review: Review) -> None:
        """Record a decision as a change that can be undone; `LayerError` as for `begin`."""
        session = self._session
        session.record_edits(lenient=True)
        workflow, name = session.workflow, session.name_of(layer)
        if name is None:
            workflow, wired = session.wire({"labels": layer})
            name = str(wired["labels"])
        session.apply(_with_review(workflow, name, review))

    def delete(self, layer: Labels, review: Review, title: str) -> None:
        """Record a decision together with what was just deleted in a layer, as one change."""
        session = self._session
        before = session.workflow
        session.record_edits(lenient=True, title=title)
        if session.workflow == before:
            self.decide(layer, review)
        else:
            self.follow(layer, review)

    def follow(self, layer: Labels, review: Review) -> None:
        """Let the workflow know the same decisions about objects that were edited."""
        name = self._session.name_of(layer)
        if name is not None:
            self._session.amend(_with_review(self._session.workflow, name, review))


def _series(workflow: Workflow, name: str | None) -> Iterator[str]:
    """Go from labels to those that they correct, and on."""
    while name is not None:
        yield name
        maker = workflow.maker(name)
        is_corrected = maker is not None and maker.operation == APPLY
        name = str(maker.inputs["labels"]) if maker is not None and is_corrected else None


def _with_review(workflow: Workflow, name: str, review: Review) -> Workflow:
    """Return a workflow in which labels have a review, and those that they correct have none."""
    others = set(_series(workflow, name))
    kept = {one: known for one, known in workflow.reviews.items() if one not in others}
    return replace(workflow, reviews={**kept, name: review})
