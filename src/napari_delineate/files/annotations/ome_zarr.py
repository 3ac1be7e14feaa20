"""OME-Zarr labels: written as version 0.4, read as 0.4 and 0.5.

The storage is checked before a library opens it, because a Zarr array may name a filter that
runs code (pickle), and may state any shape.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.axes import spatial_axes
from napari_delineate.files.annotations.annotation import (
    AnnotatedLabels,
    Colour,
    Wanted,
    check_shape,
    check_size,
    sides,
)
from napari_delineate.files.annotations.statement import (
    MEMBER,
    Meaning,
    colours_in,
    read_meaning,
    stated_meaning,
    text_in,
)
from napari_delineate.types import spacing_per_axis

__all__ = ["read", "write"]

_CODECS = frozenset(
    {
        *("blosc", "bz2", "gzip", "lz4", "lzma", "zlib", "zstd"),
        *("bytes", "crc32c", "endian", "packbits", "sharding_indexed", "shuffle", "transpose"),
    }
)
"""Names of compressors that are no risk; numcodecs has one that runs code, pickle."""

_WHOLE_NUMBERS = re.compile("[<>|=]?[iu][1248]|u?int(8|16|32|64)")
_LARGEST_CHUNK = 2**28
_LARGEST_PART = 2**24
_LARGEST_METADATA = 2**28
_COARSEST = 512
"""Longest side of the last level of the pyramid."""

_CHUNK = {"T": 1, "Z": 32, "Y": 512, "X": 512}
_MOST_CHUNKS = 1_000_000


def read(path: Path, wanted: Wanted) -> AnnotatedLabels:
    """Return the finest level of a label image, or of the only one that an image has."""
    _need_zarr()
    import zarr

    group = _label_group(path)
    attributes = _attributes(group)
    scales = attributes.get("multiscales")
    first = scales[0] if isinstance(scales, list) and scales else None
    levels = first.get("datasets") if isinstance(first, Mapping) else None
    if not isinstance(first, Mapping) or not isinstance(levels, list) or not levels:
        raise ValueError("it is no OME-Zarr label image: it states no multiscales")
    folder = _inside(group, levels[0].get("path") if isinstance(levels[0], Mapping) else None)
    version, shape = _check_array(folder)
    axes, units = _axes(first.get("axes"), len(shape), wanted)
    kept = [place for place, letter in enumerate(axes) if letter != "C"]
    if len(kept) < len(shape) and shape[axes.index("C")] != 1:
        raise ValueError(f"its labels have {shape[axes.index('C')]} channels; labels have none")
    array = zarr.open_array(store=str(folder), mode="r", zarr_format=version)
    sizes = _scale(first, levels[0], len(shape))
    axes = "".join(axes[place] for place in kept)
    data = _pixels(array).reshape([shape[place] for place in kept])
    check_shape(data.shape, wanted)
    spacing: Any = wanted.spacing
    unit = wanted.units
    if sizes is not None and (units or set(sizes) != {1.0}):  # the format demands a scale
        by_letter = dict(zip(axes, (sizes[place] for place in kept), strict=True))
        spacing = tuple(by_letter[letter] for letter in spatial_axes(axes))
        unit = units or "pixel"
    names, meaning = _properties(attributes.get("image-label"))
    spacing = spacing_per_axis(spacing, len(spatial_axes(axes)))
    return AnnotatedLabels.of(data, axes, spacing, unit, names=names, **meaning)


def write(path: Path, annotation: AnnotatedLabels) -> None:
    """Write a label image with a pyramid; in the folder "labels" of an image, it is listed."""
    _need_zarr()
    if path.exists() and not _is_replaceable(path):
        raise ValueError(
            "there is a file or folder of that name that is no OME-Zarr label image, and is not "
            "replaced; choose another name"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name[:40]}-", dir=path.parent) as made:
        draft = Path(made) / "labels"
        _write_group(draft, path.name.split(".")[0], annotation)
        if path.exists():
            path.replace(Path(made) / "old")
        draft.replace(path)
    if path.parent.name == "labels" and _is_zarr(path.parent.parent):
        _list_label(path.parent, path.name)


def _pixels(array: Any) -> NDArray[Any]:
    """Read an array in parts, so that what was never written takes no memory."""
    result = np.zeros(array.shape, np.int32)
    room = _LARGEST_PART // math.prod(array.chunks)
    steps: list[range] = []
    for side, piece in reversed(list(zip(array.shape, array.chunks, strict=True))):
        number = min(max(1, room), -(-side // piece))
        steps.insert(0, range(0, side, number * piece))
        room //= number
    for corner in itertools.product(*steps):
        box = tuple(slice(at, at + step.step) for at, step in zip(corner, steps, strict=True))
        part = np.asarray(array[box])
        if not part.any():
            continue
        if int(part.min()) < 0 or int(part.max()) > np.iinfo(result.dtype).max:
            # Numbers that no labels have are refused with all others.
            result = result.astype(part.dtype if part.dtype.kind == "i" else np.uint64)
        result[box] = part
    return result


def _write_group(folder: Path, name: str, annotation: AnnotatedLabels) -> None:
    import numcodecs
    import zarr

    axes, labels = annotation.axes, annotation.labels
    if labels.dtype.itemsize == 8 and int(labels.max(initial=0)) < 2**32:
        labels = labels.astype(np.uint32)
    group = zarr.create_group(store=str(folder), zarr_format=2)
    sizes = dict(zip(spatial_axes(axes), annotation.spacing, strict=True))
    datasets: list[dict[str, Any]] = []
    level = labels
    while True:
        step = 2 ** len(datasets)
        array = group.create_array(
            name=str(len(datasets)),
            shape=level.shape,
            dtype=level.dtype,
            chunks=tuple(
                min(side, _CHUNK[one]) for one, side in zip(axes, level.shape, strict=True)
            ),
            compressors=numcodecs.Blosc(cname="zstd", clevel=5, shuffle=numcodecs.Blosc.BITSHUFFLE),
            chunk_key_encoding={"name": "v2", "separator": "/"},
        )
        array[...] = level
        scale = [sizes.get(one, 1.0) * (step if one in "YX" else 1) for one in axes]
        transformation = {"type": "scale", "scale": scale}
        datasets.append({"path": str(len(datasets)), "coordinateTransformations": [transformation]})
        if max(level.shape[-2:]) <= _COARSEST:
            break
        level = level[..., ::2, ::2]  # of labels, any mean would be another object
    group.attrs.update(
        {
            "multiscales": [
                {
                    "version": "0.4",
                    "name": name,
                    "axes": [_axis(letter, annotation.units) for letter in axes],
                    "datasets": datasets,
                    "type": "nearest",
                }
            ],
            "image-label": _image_label(annotation),
        }
    )


def _axis(letter: str, units: str) -> dict[str, str]:
    if letter == "T":
        return {"name": "t", "type": "time"}
    unit = {} if units == "pixel" else {"unit": units}
    return {"name": letter.lower(), "type": "space", **unit}


def _image_label(annotation: AnnotatedLabels) -> dict[str, Any]:
    """Return what the format says about objects: colours, and properties of any name."""
    properties: dict[int, dict[str, Any]] = {}
    for key, texts in (("class", annotation.classes), ("name", annotation.names)):
        for number, text in sorted(texts.items()):
            properties.setdefault(number, {"label-value": number})[key] = text
    colours = [
        {"label-value": number, "rgba": [*annotation.colours[name], 255]}
        for number, name in sorted(annotation.classes.items())
        if name in annotation.colours
    ]
    stated: dict[str, Any] = {"version": "0.4", "source": {"image": "../../"}}
    if colours:
        stated["colors"] = colours
    if properties:
        stated["properties"] = list(properties.values())
    return stated | {MEMBER: stated_meaning(annotation)}


def _properties(stated: Any) -> tuple[dict[int, str], Meaning]:
    """Return names by number, and what the labels mean."""
    stated = stated if isinstance(stated, Mapping) else {}
    own = stated.get(MEMBER)
    meaning = read_meaning(own if isinstance(own, Mapping) else {})
    classes: dict[int, str] = {}
    colours: dict[str, Colour] = {}
    names: dict[int, str] = {}
    for entry in _mappings(stated.get("properties")):
        number = entry.get("label-value")
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            continue
        if text := text_in(entry.get("class")):
            classes[number] = text
        if text := text_in(entry.get("name")):
            names[number] = text
    for entry in _mappings(stated.get("colors")):
        number = entry.get("label-value")
        if isinstance(number, int) and number in classes:
            colours.update(colours_in({classes[number]: entry.get("rgba")}))
    meaning["classes"] |= classes
    for name, colour in colours.items():
        meaning["colours"].setdefault(name, colour)
    return names, meaning


def _mappings(stated: Any) -> Iterator[Mapping[str, Any]]:
    for entry in stated if isinstance(stated, list) else []:
        if isinstance(entry, Mapping):
            yield entry


def _label_group(path: Path) -> Path:
    """Return the folder of the label image: the one given, or the only one inside an image."""
    attributes = _attributes(path)
    if "image-label" in attributes:
        return path
    listed = path if "labels" in attributes else path / "labels"
    names = _attributes(listed).get("labels") if _is_zarr(listed) else None
    names = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    if len(names) == 1:
        return _inside(listed, names[0])
    if names:
        raise ValueError(
            f"it holds several label images, {', '.join(names[:8])}; open one of them, such as "
            f"{listed / names[0]}"
        )
    if "multiscales" in attributes and path.parent.name == "labels":
        return path
    raise ValueError("it holds no OME-Zarr label image")


def _inside(folder: Path, name: Any) -> Path:
    """Return a folder inside another; `ValueError` if a path leads elsewhere."""
    parts = PurePosixPath(name).parts if isinstance(name, str) else ()
    found = folder.joinpath(*parts)
    if not parts or ".." in parts or not found.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"it states the path {name!r}, which is not inside it")
    if not _is_zarr(found):
        raise ValueError(f"it states the path {name!r}, at which there is nothing")
    return found


def _is_zarr(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (".zgroup", ".zarray", "zarr.json"))


def _is_replaceable(path: Path) -> bool:
    return path.is_dir() and _is_zarr(path) and "image-label" in _attributes(path)


def _loaded(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    if path.stat().st_size > _LARGEST_METADATA:
        raise ValueError(f"its {path.name} is too large")
    try:
        content = json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError(f"its {path.name} is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"its {path.name} is damaged: {error}") from error
    return content if isinstance(content, Mapping) else {}


def _attributes(group: Path) -> Mapping[str, Any]:
    """Return what a group states about itself, in either version."""
    attributes = _loaded(group / "zarr.json").get("attributes", _loaded(group / ".zattrs"))
    if not isinstance(attributes, Mapping):
        return {}
    inner = attributes.get("ome")  # from version 0.5 on
    return inner if isinstance(inner, Mapping) else attributes


def _check_array(folder: Path) -> tuple[Any, tuple[int, ...]]:
    """Refuse arrays that are not plain numbers; return the version of Zarr and the shape."""
    version = 3 if (folder / "zarr.json").is_file() else 2
    stated = _loaded(folder / ("zarr.json" if version == 3 else ".zarray"))
    grid, chunks, dtype = stated.get("chunk_grid"), stated.get("chunks"), stated.get("dtype")
    if version == 3:
        configuration = grid.get("configuration") if isinstance(grid, Mapping) else None
        chunks = configuration.get("chunk_shape") if isinstance(configuration, Mapping) else None
        dtype = stated.get("data_type")
    shape, chunks = _sides(stated.get("shape")), _sides(chunks)
    check_size(shape)
    if min(chunks, default=0) < 1 or math.prod(chunks) > _LARGEST_CHUNK:
        raise ValueError(f"its array states pieces of {sides(chunks)} pixels; they are too large")
    pieces = math.prod(-(-side // piece) for side, piece in zip(shape, chunks, strict=False))
    if len(chunks) != len(shape) or pieces > _MOST_CHUNKS:
        raise ValueError(f"its array states {pieces:,} pieces, which are too many")
    if not isinstance(dtype, str) or not _WHOLE_NUMBERS.fullmatch(dtype):
        raise ValueError(f"its labels must be whole numbers, their dtype is {dtype}")
    for name in _codecs([stated.get("compressor"), stated.get("filters"), stated.get("codecs")]):
        if name.removeprefix("numcodecs.") not in _CODECS:
            raise ValueError(f"its array is stored with {name[:80]!r}, which is not read here")
    return version, shape


def _sides(stated: Any) -> tuple[int, ...]:
    if not isinstance(stated, list) or not all(
        isinstance(side, int) and not isinstance(side, bool) for side in stated
    ):
        raise ValueError("its array states no shape")
    return tuple(stated)


def _codecs(stated: Any) -> Iterator[str]:
    """Yield the names of everything that reading an array would run."""
    if isinstance(stated, list):
        for one in stated:
            yield from _codecs(one)
    elif isinstance(stated, Mapping):
        if "id" in stated or "name" in stated:
            yield str(stated.get("id", stated.get("name")))
        for value in stated.values():
            yield from _codecs(value if isinstance(value, list | Mapping) else None)


def _axes(stated: Any, ndim: int, wanted: Wanted) -> tuple[str, str]:
    """Return the letters of the axes and the unit of those in space."""
    entries = list(_mappings(stated))
    names = [str(entry.get("name")).upper() for entry in entries]
    if isinstance(stated, list) and not entries:  # version 0.3
        names = [str(name).upper() for name in stated]
    axes = "".join(names) if names else wanted.axes or "TCZYX"[-ndim:]
    if len(axes) != ndim or set(axes) - set("TCZYX") or len(set(axes)) < ndim:
        raise ValueError(f"its axes {axes[:20]!r} do not fit its array, which has {ndim}")
    units = {text_in(one.get("unit")) for one in entries if one.get("type") == "space"}
    if len(units) > 1:
        raise ValueError(f"it states voxel sizes in several units, {', '.join(sorted(units))}")
    return axes, next(iter(units), "")


def _scale(scales: Mapping[str, Any], level: Mapping[str, Any], ndim: int) -> list[float] | None:
    """Return the voxel size along all axes, None where it is not stated."""
    result: list[float] | None = None
    for holder in (level, scales):
        for entry in _mappings(holder.get("coordinateTransformations")):
            factors = entry.get("scale")
            if entry.get("type") != "scale" or not isinstance(factors, list):
                continue
            if len(factors) != ndim:
                raise ValueError(f"it states the scale {factors} of an array with {ndim} axes")
            own = spacing_per_axis(tuple(factors), ndim)
            result = [a * b for a, b in zip(result or [1.0] * ndim, own, strict=True)]
    return result


def _list_label(folder: Path, name: str) -> None:
    """Add a label image to those that an image states to have."""
    stated = dict(_loaded(folder / ".zattrs"))
    listed = stated.get("labels")
    names = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    if name not in names:
        stated["labels"] = [*names, name]
        if not (folder / ".zgroup").is_file():
            (folder / ".zgroup").write_text(json.dumps({"zarr_format": 2}), encoding="utf-8")
        (folder / ".zattrs").write_text(json.dumps(stated), encoding="utf-8")


def _need_zarr() -> None:
    if importlib.util.find_spec("zarr") is None:
        raise ValueError(
            "OME-Zarr needs the package zarr; install it with "
            "pip install 'napari-delineate[zarr]', or save an OME-TIFF"
        )
