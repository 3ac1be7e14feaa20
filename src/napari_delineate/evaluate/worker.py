"""Score images in a process of its own: `python -m napari_delineate.evaluate.worker`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_delineate.evaluate.jobs import score_pair
from napari_delineate.evaluate.messages import pair_of, scored_to_json, task_of
from napari_delineate.evaluate.processes import serve


def _begin(message: Any) -> Callable[[Any], Any]:
    task = task_of(message)
    return lambda job: scored_to_json(score_pair(task, pair_of(job)))


if __name__ == "__main__":
    serve(_begin)
