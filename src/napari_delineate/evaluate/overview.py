"""Draw what is right and wrong in an image as coloured outlines."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.agreement_classes import COLOURS as AGREEMENT_COLOURS
from napari_delineate.agreement_classes import AgreementClass
from napari_delineate.evaluate.scores import Annotated
from napari_delineate.types import Table

__all__ = ["COLOURS", "draw_overview"]

_CLASSES = {
    "matched": AgreementClass.FOUND,
    "spurious": AgreementClass.SPURIOUS,
    "missed": AgreementClass.MISSED,
    "split": AgreementClass.SPLIT,
    "merged": AgreementClass.MERGED,
}
COLOURS = {
    status: tuple(bytes.fromhex(AGREEMENT_COLOURS[one][1:])) for status, one in _CLASSES.items()
}
"""Red, green and blue of the outlines, as where a viewer shows matches."""
_BESIDE = (150, 150, 150)
_STATUS = {"part": "split", "merger": "merged"}
_LONGEST = 640  # pixels of the longer side
_DIMMED = 0.8  # so that outlines stand out


def draw_overview(
    image: NDArray[Any],
    reference: NDArray[Any],
    labels: NDArray[Any],
    objects: Table | None,
    annotation: Annotated,
) -> bytes:
    """Draw an image with outlines of what was found, missed and wrong.

    Parameters
    ----------
    image : (Y, X), (Z, Y, X) or RGB ndarray
        The image; one of another shape than the labels is left out.
    reference, labels : (Y, X) or (Z, Y, X) ndarray of int
        What is right, and what is scored. Of a stack, the slice with most of both is drawn.
    objects : pandas.DataFrame or None
        What `metrics.match_objects` lists; None compares pixels.
    annotation : {"dense", "sparse", "scribbles"}
        What is annotated.

    Returns
    -------
    bytes
        A PNG image.
    """
    import imageio.v3 as imageio

    from napari_delineate.pictures import contrast

    shape = labels.shape
    shown = image if image.shape[: len(shape)] == shape else np.zeros(shape, np.uint8)
    low, high = contrast(shown)
    if len(shape) == 3:
        inside = ((reference > 0) | (labels > 0)).sum(axis=(1, 2))
        place = int(inside.argmax()) if inside.any() else shape[0] // 2
        shown, reference, labels = shown[place], reference[place], labels[place]
    gray = np.clip((np.nan_to_num(shown.astype(np.float32)) - low) / (high - low), 0, 1)
    colours = gray[..., :3] if gray.ndim == 3 else np.repeat(gray[..., None], 3, axis=-1)
    canvas = np.round(_resized(colours) * 255 * _DIMMED).astype(np.uint8)
    if objects is None:
        _paint_pixels(canvas, _enlarged(reference), _enlarged(labels), annotation)
    else:
        _paint_objects(canvas, _enlarged(reference), _enlarged(labels), objects)
    file = io.BytesIO()
    imageio.imwrite(file, canvas, extension=".png", plugin="pillow")
    return file.getvalue()


def _paint_objects(
    canvas: NDArray[Any], reference: NDArray[Any], labels: NDArray[Any], objects: Table
) -> None:
    """Outline labels, then what is missing of the reference."""
    lists = zip(
        objects["reference"].tolist(),
        objects["label"].tolist(),
        objects["status"].tolist(),
        strict=True,
    )
    wanted: dict[int, str] = {}
    found: dict[int, str] = {}
    for number, label, status in lists:
        if label:
            found[label] = _STATUS.get(status, status)
        if number and status != "matched":
            wanted[number] = status
    for image, states in ((labels, found), (reference, wanted)):
        outlines = np.where(_outlines(image), image, 0)
        if image is labels:
            canvas[outlines > 0] = _BESIDE  # those that an annotation says nothing about
        for status, colour in COLOURS.items():
            numbers = [number for number, one in states.items() if one == status]
            canvas[np.isin(outlines, numbers)] = colour


def _paint_pixels(
    canvas: NDArray[Any], reference: NDArray[Any], labels: NDArray[Any], annotation: Annotated
) -> None:
    """Tint the pixels that are wrong, and outline those that are right."""
    found, known = labels > 0, np.ones(labels.shape, bool)
    right = reference > 0
    if annotation == "scribbles":
        known, right = reference > 0, reference > 1
    for status, where in (("spurious", found & ~right), ("missed", right & ~found)):
        where &= known
        canvas[where] = (0.4 * canvas[where] + 0.6 * np.array(COLOURS[status])).astype(np.uint8)
    outlines = _outlines(found)
    canvas[outlines] = _BESIDE
    canvas[outlines & right & known] = COLOURS["matched"]


def _outlines(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the pixels of objects within two of another object or the background."""
    from skimage.segmentation import find_boundaries

    edge = find_boundaries(labels, mode="inner")
    return np.asarray(edge | find_boundaries(np.where(edge, 0, labels), mode="inner"))


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return height and width of the drawing of an image."""
    longest = max(shape[:2])
    factor = _LONGEST // longest or _LONGEST / longest  # pixels are repeated, or averaged
    return max(round(shape[0] * factor), 1), max(round(shape[1] * factor), 1)


def _enlarged(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels in the size of the drawing: the number nearest to each place."""
    height, width = _size(labels.shape)
    rows = (np.arange(height) + 0.5) * labels.shape[0] // height
    columns = (np.arange(width) + 0.5) * labels.shape[1] // width
    return labels[np.ix_(rows.astype(int), columns.astype(int))]


def _resized(colours: NDArray[Any]) -> NDArray[Any]:
    """Return colours in the size of the drawing; large images are averaged."""
    size = _size(colours.shape)
    if size[0] < colours.shape[0] or size[1] < colours.shape[1]:
        from skimage.transform import resize

        return np.asarray(resize(colours, (*size, 3), order=1, anti_aliasing=True))
    return _enlarged(colours)
