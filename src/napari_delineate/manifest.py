"""Make the napari plugin manifest from the catalogue: `python -m napari_delineate.manifest`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_delineate.catalogue import PACKAGES, categories, operations
from napari_delineate.files import MESHES
from napari_delineate.files.tables import TABLES
from napari_delineate.reference import reference_pages
from napari_delineate.samples import SAMPLES

__all__ = ["ASSISTANT", "SAMPLE_PREFIX", "command_name", "main", "manifest", "to_yaml"]

PLUGIN = "napari-delineate"
ASSISTANT = "Assistant"
_DOCKS = {
    ASSISTANT: "assistant:Assistant",
    "Annotate": "annotate_dock:AnnotateDock",
    "Surfaces": "surfaces_dock:SurfacesDock",
    "Fit to annotation": "tuning_dock:TuningDock",
    "Evaluation": "evaluation_dock:EvaluationDock",
    "Compare": "compare_dock:CompareDock",
    "Annotators": "annotators_dock:AnnotatorsDock",
    "Proofreading": "proofreading_dock:ProofreadingDock",
}
"""The docks by their titles, with the classes that they are."""
SAMPLE_PREFIX = "sample__"
_PYTHON = "napari_delineate._napari"

_PARENT_MENUS = {
    "filters": "napari/layers/filter",
    "segmentation": "napari/layers/segment",
    "postprocessing": "napari/layers/segment",
    "surfaces": "napari/layers/visualize",
    "measurements": "napari/layers/measure",
    "metrics": "napari/layers/measure",
}
"""napari drops contributions to `napari/plugins`; these menus take submenus."""

_WRITERS = (
    ("write_labels", "Save labels as OME-TIFF", ["labels"], [".ome.tif", ".ome.tiff"]),
    (
        "write_annotation_file",
        "Save annotation",
        ["labels"],
        [".geojson", ".coco.json", ".rois.zip", ".ome.zarr"],
    ),
    ("write_image", "Save image as OME-TIFF", ["image"], [".ome.tif", ".ome.tiff"]),
    ("write_mesh", "Save surface", ["surface"], list(MESHES)),
    ("write_meshes", "Save each object of a surface", ["surface"], list(MESHES)),
    ("write_table_file", "Save measurements", ["labels"], list(TABLES)),
)

_READERS = (
    ("read_workflow", "Open workflow", "get_reader", [".json"]),
    ("read_surface", "Open surface", "get_surface_reader", list(MESHES)),
    (
        "read_annotation",
        "Open annotation",
        "get_annotation_reader",
        # No ending that others have: of images, of any zip and of any JSON. npe2 takes patterns
        # for small letters and names as they are, so that RoiSet is written with ?.
        [
            *(".geojson", ".coco.json", ".roi", ".rois.zip", "_rois.zip"),
            *("?oi?et.zip", "_cp_masks.tif", "_cp_masks.png"),
        ],
    ),
)

_EVERY_LAYER = ["image*", "labels*", "points*", "shapes*", "surface*", "tracks*", "vectors*"]
_SESSION_WRITERS = (
    ("write_workflow_file", "Save workflow", ".json"),
    ("write_notebook_file", "Export notebook", ".ipynb"),
)


def command_name(operation: str) -> str:
    """Return the name under which `_napari.commands` gives the command of an operation."""
    return operation.replace(".", "__")


def manifest() -> dict[str, Any]:
    """Return the manifest.

    Returns
    -------
    dict
        The manifest as npe2 defines it: one command per operation, in the menu of its
        category in that of its package (a category of one needs no menu of its own);
        sample data, the readers and the writers.

    Examples
    --------
    >>> manifest()["name"]
    'napari-delineate'
    """
    commands: list[dict[str, str]] = []
    menus: dict[str, list[Any]] = {f"{PLUGIN}/{package}": [] for package in PACKAGES}
    submenus = [
        {"id": f"{PLUGIN}/{package}", "label": title} for package, title in PACKAGES.items()
    ]
    for category in categories():
        package = category.id.split(".")[0]
        inside = [one for one in operations() if one.category == category]
        menu = menus[f"{PLUGIN}/{package}"]
        if len(inside) > 1:
            submenu = f"{PLUGIN}/{category.id}"
            submenus.append({"id": submenu, "label": category.title})
            menu.append({"submenu": submenu, "group": _place_in(menu)})
            menu = menus[submenu] = []
        for operation in inside:
            command = f"{PLUGIN}.{operation.id}"
            place = f"commands:{command_name(operation.id)}"
            commands.append(_command(command, operation.title, place))
            menu.append({"command": command, "group": _place_in(menu)})
    for package in PACKAGES:
        menus.setdefault(_PARENT_MENUS[package], []).append({"submenu": f"{PLUGIN}/{package}"})
    for sample in SAMPLES:
        title = f"Open {sample.title}"
        place = f"commands:{SAMPLE_PREFIX}{sample.name}"
        commands.append(_command(f"{PLUGIN}.sample.{sample.name}", title, place))
    readers = []
    for name, title, function, endings in _READERS:
        command = f"{PLUGIN}.{name}"
        commands.append(_command(command, title, f"reading:{function}"))
        patterns = [f"*{ending}" for ending in endings]
        reader = {"command": command, "filename_patterns": patterns, "accepts_directories": False}
        readers.append(reader)
    docks = []
    for title, place in _DOCKS.items():
        dock = f"{PLUGIN}.{title.lower().replace(' ', '_')}"
        commands.append(_command(dock, f"Open the {title} dock", place))
        docks.append({"command": dock, "display_name": title})
    writers = []
    for function, title, kinds, written in _WRITERS:
        command = f"{PLUGIN}.{function}"
        commands.append(_command(command, title, f"writing:{function}"))
        writers.append(_writer(command, title, kinds, written))
    for function, title, ending in _SESSION_WRITERS:
        command = f"{PLUGIN}.{function}"
        commands.append(_command(command, title, f"writing:{function}"))
        writers.append(_writer(command, title, _EVERY_LAYER, [ending]))
    return {
        "name": PLUGIN,
        "display_name": "Delineate",
        "schema_version": "0.2.1",
        "categories": ["Segmentation", "Annotation", "Measurement", "Visualization"],
        "contributions": {
            "commands": commands,
            "menus": menus,
            "submenus": submenus,
            "readers": readers,
            "writers": writers,
            "widgets": docks,
            "sample_data": [
                {
                    "key": sample.name,
                    "display_name": sample.title,
                    "command": f"{PLUGIN}.sample.{sample.name}",
                }
                for sample in SAMPLES
            ],
        },
    }


def _place_in(menu: list[Any]) -> str:
    """Return the group of the next item: napari sorts by the number behind the @."""
    return f"operations@{len(menu)}"


def _command(id: str, title: str, place: str) -> dict[str, str]:
    return {"id": id, "title": title, "python_name": f"{_PYTHON}.{place}"}


def _writer(command: str, title: str, kinds: list[str], endings: list[str]) -> dict[str, Any]:
    return {
        "command": command,
        "display_name": title,
        "layer_types": kinds,
        "filename_extensions": endings,
    }


def to_yaml() -> str:
    """Return the manifest as the text of `napari.yaml`."""
    import yaml

    head = "# Made by `python -m napari_delineate.manifest` from the catalogue; do not edit.\n"
    body = yaml.safe_dump(manifest(), sort_keys=False, allow_unicode=True, width=96)
    return f"{head}{body}"


def main() -> None:
    """Write what is made from the catalogue: `napari.yaml` and the reference pages."""
    package = Path(__file__).parent
    # Never through the link at the top of the repository, which some tools replace by a copy.
    (package / "napari.yaml").write_text(to_yaml(), encoding="utf-8")
    for name, text in reference_pages().items():
        (package.parents[1] / "docs" / "reference" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
