"""Say what a process is to score, and what it found, in JSON."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_delineate import catalogue
from napari_delineate.batches import Job
from napari_delineate.evaluate.jobs import Scored, Task
from napari_delineate.evaluate.pairs import Pair
from napari_delineate.evaluate.scores import Column, Comparison
from napari_delineate.types import Table

__all__ = ["pair_of", "pair_to_json", "scored_of", "scored_to_json", "task_of", "task_to_json"]


def task_to_json(task: Task) -> dict[str, Any]:
    """Return a task as JSON."""
    columns = [[one.name, one.operation, one.key] for one in task.columns]
    return {**vars(task), "columns": columns}


def task_of(message: Mapping[str, Any]) -> Task:
    """Return the task that JSON describes."""
    columns = []
    for name, operation, key in message["columns"]:
        known = catalogue.find(operation).declaration.scores
        columns.append(Column(name, operation, key, known[key or next(iter(known))]))
    return Task(**{**message, "columns": tuple(columns)})


def pair_to_json(pair: Pair) -> dict[str, Any]:
    """Return a pair as JSON."""
    files = {name: str(path) for name, path in pair.job.files.items() if path is not None}
    return {"name": pair.job.name, "files": files, "annotation": str(pair.annotation)}


def pair_of(message: Mapping[str, Any]) -> Pair:
    """Return the pair that JSON describes."""
    files = {name: Path(path) for name, path in message["files"].items()}
    return Pair(Job(message["name"], files), Path(message["annotation"]))


def scored_to_json(scored: Scored) -> dict[str, Any]:
    """Return what an image gave as JSON."""
    found = scored.comparison
    return {
        "comparison": {
            "scores": dict(found.scores),
            "spacing": list(found.spacing),
            "units": found.units,
            "objects": _table_to_json(found.objects),
            "curve": _table_to_json(found.curve),
            "frames": _table_to_json(found.frames),
        },
        "picture": base64.b64encode(scored.picture).decode("ascii"),
        "warnings": list(scored.warnings),
    }


def scored_of(message: Mapping[str, Any]) -> Scored:
    """Return what JSON says that an image gave; numbers are the same to the last bit."""
    found = dict(message["comparison"])
    found["spacing"] = tuple(found["spacing"])
    for name in ("objects", "curve", "frames"):
        found[name] = _table_of(found[name])
    picture = base64.b64decode(message["picture"])
    return Scored(Comparison(**found), picture, tuple(message["warnings"]))


def _table_to_json(table: Table | None) -> dict[str, Any] | None:
    if table is None:
        return None
    columns = {name: [str(table[name].dtype), table[name].tolist()] for name in table.columns}
    return {"columns": columns, "attrs": table.attrs}


def _table_of(message: Mapping[str, Any] | None) -> Table | None:
    import pandas as pd

    if message is None:
        return None
    table = pd.DataFrame(
        {name: pd.Series(rows, dtype=dtype) for name, (dtype, rows) in message["columns"].items()}
    )
    table.attrs = dict(message["attrs"])
    return table
