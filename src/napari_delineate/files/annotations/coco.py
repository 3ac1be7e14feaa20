"""COCO JSON: polygons and run lengths, images and categories."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.files.annotations import run_lengths
from napari_delineate.files.annotations.annotation import (
    LARGEST_NUMBER,
    AnnotatedLabels,
    Wanted,
    check_size,
)
from napari_delineate.files.annotations.outlines import Outline, outlines_of, planes_of
from napari_delineate.files.annotations.painting import Drawing, paint, ring
from napari_delineate.files.annotations.skipped import warn_of_skipped
from napari_delineate.files.annotations.statement import (
    MEMBER,
    colours_in,
    colours_of_classes,
    read_statement,
    statement_of,
    text_in,
)
from napari_delineate.files.saving import atomic_path

__all__ = ["is_coco", "read", "write"]

_WITHOUT_CLASS = "unclassified"
"""The supercategory of objects that have no class: in COCO, each has a category."""

_NUMBER = "track_id"
"""What says which object an annotation belongs to, as data sets of videos have it."""


def is_coco(content: Any) -> bool:
    """Tell whether JSON holds images and annotations."""
    if not isinstance(content, Mapping):
        return False
    return all(isinstance(content.get(key), list) for key in ("images", "annotations"))


def read(path: Path, content: Any, wanted: Wanted) -> AnnotatedLabels:
    """Return the annotation of one image, or of one stack; `ValueError` if there is none."""
    info = content.get("info")
    stated = read_statement(info.get(MEMBER) if isinstance(info, Mapping) else None)
    images = _images(content["images"])
    planes, shape = _planes(content["images"], images, wanted, stated is not None)
    names, colours = _categories(content.get("categories"))
    drawings, skipped, strays, unnamed = [], 0, 0, 0
    for place, one in enumerate(content["annotations"]):
        try:
            if not isinstance(one, Mapping):
                raise ValueError("it is none")
            which = one.get("image_id")
            if not isinstance(which, int | str) or which not in planes:
                strays += not isinstance(which, int | str) or which not in images
                continue
            _, height, width = images[which]
            drawing = _drawing(one, height, width)
            if drawing is None:
                skipped += 1
                continue
            drawing.plane = planes[which]
            category = one.get("category_id")
            if isinstance(category, int):
                unnamed += category not in names
                drawing.object_class = names.get(category, f"category {category}")
            drawings.append(drawing)
        except ValueError as error:
            of = f"annotation {place + 1} of {len(content['annotations'])}"
            raise ValueError(f"{of}: {error}") from error
    warn_of_skipped(path, {"bounding box": skipped} if skipped else {})
    _warn_of_unknown(path, strays, unnamed)
    return paint(path, drawings, wanted, stated, shape, colours)


def write(path: Path, annotation: AnnotatedLabels) -> None:
    """Write one annotation for every object, in stacks and movies one for each plane."""
    classes = colours_of_classes(annotation)
    ids = {name: place for place, name in enumerate(classes, 1)}
    categories: list[dict[str, Any]] = [
        {"id": ids[name], "name": name, "supercategory": ""}
        | ({} if colour is None else {"color": list(colour)})
        for name, colour in classes.items()
    ]
    without = len(ids) + 1
    before = annotation.axes[:-2]
    height, width = annotation.labels.shape[-2:]
    stem = path.name[: -len(".coco.json")]
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for index, plane in planes_of(annotation.labels):
        places = dict(zip(before, index, strict=True))
        suffix = "".join(f"_{letter}{place:04}" for letter, place in places.items())
        image: dict[str, Any] = {
            "id": len(images) + 1,
            "file_name": f"{stem}{suffix}.tif",
            "width": width,
            "height": height,
        }
        images.append(image | ({"plane": places} if places else {}))
        for outline in outlines_of(plane):
            name = annotation.classes.get(outline.number)
            entry = {
                "id": len(annotations) + 1,
                "image_id": image["id"],
                "category_id": without if name is None else ids[name],
                **_shape(outline, plane),
                "iscrowd": 0,
                _NUMBER: outline.number,
            }
            if outline.number in annotation.names:
                entry["name"] = annotation.names[outline.number]
            annotations.append(entry)
    if any(entry["category_id"] == without for entry in annotations):
        categories.append({"id": without, "name": "object", "supercategory": _WITHOUT_CLASS})
    content = {
        "info": {"description": stem, MEMBER: statement_of(annotation)},
        "licenses": [],
        "images": images,
        "annotations": annotations,
        "categories": categories,
    }
    with atomic_path(path) as draft:
        draft.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def _shape(outline: Outline, plane: NDArray[Any]) -> dict[str, Any]:
    """Return segmentation, area and box: polygons, or run lengths for objects with holes."""
    outer = np.concatenate([polygon[0] for polygon in outline.polygons])
    left, top = (int(low) for low in outer.min(axis=0))
    right, bottom = (int(high) for high in outer.max(axis=0))
    mask = plane[top:bottom, left:right] == outline.number
    segmentation: Any
    if any(len(polygon) > 1 for polygon in outline.polygons):
        runs = run_lengths.runs_of(mask, (top, left), *plane.shape)
        segmentation = {"size": list(plane.shape), "counts": run_lengths.compressed(runs)}
    else:
        segmentation = [polygon[0].reshape(-1).tolist() for polygon in outline.polygons]
    return {
        "segmentation": segmentation,
        "area": int(np.count_nonzero(mask)),
        "bbox": [left, top, right - left, bottom - top],
    }


def _drawing(one: Mapping[str, Any], height: int, width: int) -> Drawing | None:
    """Return what an annotation draws, None where it has no area."""
    segmentation = one.get("segmentation")
    number = one.get(_NUMBER)
    is_number = isinstance(number, int) and not isinstance(number, bool)
    if not is_number or number is None or not 1 <= number <= LARGEST_NUMBER:
        number = None
    name = text_in(one.get("name"))
    if isinstance(segmentation, Mapping):
        if segmentation.get("size") != [height, width]:
            raise ValueError(
                f"its run lengths are of the size {segmentation.get('size')}, its image has "
                f"[{height}, {width}] (height, width)"
            )
        runs = segmentation.get("counts")
        if isinstance(runs, str):
            runs = run_lengths.decompressed(runs)
        return Drawing(runs=run_lengths.checked(runs, height, width), number=number, name=name)
    if not isinstance(segmentation, list):
        segmentation = []
    polygons = []
    for numbers in segmentation:
        if not isinstance(numbers, list) or len(numbers) % 2:
            raise ValueError("a polygon must be a list of numbers x, y, x, y and so on")
        if numbers:
            pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
            polygons.append([ring(pairs)])
    return Drawing(polygons, number=number, name=name) if polygons else None


def _warn_of_unknown(path: Path, strays: int, unnamed: int) -> None:
    """Warn of images and categories that annotations have and the file does not list."""
    if strays:
        warnings.warn(
            f"{path}: {strays:,} of its annotations are of images that it does not list, and are "
            "left out",
            stacklevel=4,
        )
    if unnamed:
        warnings.warn(
            f"{path}: {unnamed:,} of its annotations have categories that it does not list; "
            "these are called by their ids, such as 'category 3'",
            stacklevel=4,
        )


def _images(stated: list[Any]) -> dict[int | str, tuple[str, int, int]]:
    """Return name, height and width of every image by its id."""
    images: dict[int | str, tuple[str, int, int]] = {}
    for image in stated:
        if not isinstance(image, Mapping) or not isinstance(image.get("id"), int | str):
            raise ValueError("an entry of its images has no id")
        sides = (image.get("height"), image.get("width"))
        if not all(isinstance(side, int) and not isinstance(side, bool) for side in sides):
            raise ValueError(f"its image {image['id']!r} has no height and width")
        check_size(sides)  # type: ignore[arg-type]
        images[image["id"]] = (text_in(image.get("file_name")), *sides)  # type: ignore[assignment]
    if not images:
        raise ValueError("it has no images")
    return images


def _planes(
    entries: list[Any],
    images: dict[int | str, tuple[str, int, int]],
    wanted: Wanted,
    is_stated: bool,
) -> tuple[dict[int | str, dict[str, int]], tuple[int, ...] | None]:
    """Return the plane of each image that is read, and the shape of them all together."""
    if is_stated:
        return {entry["id"]: _plane(entry.get("plane")) for entry in entries}, None
    if len(images) == 1:
        ((key, (_, *size)),) = images.items()
        return {key: {}}, tuple(size)
    if wanted.image is not None:
        asked = Path(wanted.image).stem
        found = [key for key, (name, *_) in images.items() if Path(name).stem == asked]
        if len(found) != 1:
            raise ValueError(
                f"{len(found)} of its {len(images)} images are called {wanted.image!r}; it has "
                f"{_some(images)}"
            )
        return {found[0]: {}}, images[found[0]][1:]
    sizes = {(height, width) for _, height, width in images.values()}
    shape = wanted.shape
    if len(sizes) == 1 and shape is not None and len(shape) == 3 and shape[0] == len(images):
        letter = (wanted.axes or "ZYX")[0]
        return {key: {letter: place} for place, key in enumerate(images)}, (
            len(images),
            *next(iter(sizes)),
        )
    raise ValueError(
        f"it has the annotations of {len(images)} images: {_some(images)}; say which one is to be "
        "read"
    )


def _plane(stated: Any) -> dict[str, int]:
    pairs = stated.items() if isinstance(stated, Mapping) else ()
    return {
        str(letter): place
        for letter, place in pairs
        if isinstance(place, int) and not isinstance(place, bool) and place >= 0
    }


def _some(images: Mapping[int | str, tuple[str, int, int]]) -> str:
    names = [name or f"number {key}" for key, (name, *_) in images.items()]
    return ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")


def _categories(stated: Any) -> tuple[dict[int, str], dict[str, Any]]:
    """Return the names of classes by their ids, empty for none, and their colours."""
    names, colours = {}, {}
    for category in stated if isinstance(stated, list) else []:
        if not isinstance(category, Mapping) or not isinstance(category.get("id"), int):
            continue
        name = text_in(category.get("name"))
        names[category["id"]] = ""
        if name and category.get("supercategory") != _WITHOUT_CLASS:
            names[category["id"]] = name
            colours.update(colours_in({name: category.get("color")}))
    return names, colours
