"""Read all operations from the packages that hold them.

A package is a menu, a module in it is a category, a public function in it an operation.
Everything known about an operation comes from its signature, its docstring and its
decorator; nothing is written down a second time.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from napari_delineate.declaration import Declaration, declaration_of, operation_id
from napari_delineate.signatures import Input, Output, Setting, Signature, read_signature
from napari_delineate.types import Kind, Quantity

__all__ = [
    "PACKAGES",
    "Category",
    "Operation",
    "UnknownNameError",
    "accepts",
    "categories",
    "converter",
    "documentation_of",
    "explain_mismatch",
    "find",
    "kind_in_words",
    "next_steps",
    "operations",
    "title_of",
]

PACKAGES = {
    "filters": "Filters",
    "segmentation": "Segmentation",
    "postprocessing": "Post-processing",
    "surfaces": "Surfaces",
    "measurements": "Measurements",
    "metrics": "Metrics",
}
"""The packages that hold operations, with the titles of their menus, in menu order."""

_COMPARING = ("measurements", "metrics")
"""Packages whose operations say something about several images together."""

_SPELLING = {
    "cellprofiler": "CellProfiler",
    "dic": "DIC",
    "dice": "Dice",
    "gauss": "Gauss",
    "gaussian": "Gaussian",
    "gaussians": "Gaussians",
    "hausdorff": "Hausdorff",
    "iou": "IoU",
    "jaccard": "Jaccard",
    "otsu": "Otsu",
    "rand": "Rand",
    "rgb": "RGB",
    "seg": "SEG",
    "tophat": "top-hat",
    "voronoi": "Voronoi",
}
"""Words whose spelling in titles differs from that in names."""


class UnknownNameError(KeyError):
    """Say that nothing has a name, and which names come close."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Category:
    """Describe a group of operations that do similar things.

    Attributes
    ----------
    id : str
        Package and module, for instance "filters.denoise".
    title : str
        Its name for people.
    summary : str
        What its operations do, in one sentence.
    """

    id: str
    title: str
    summary: str


@dataclass(frozen=True)
class Documentation:
    """Hold the parts of an operation's docstring.

    Attributes
    ----------
    summary : str
        The first sentence.
    parameters : dict of str to str
        The text about each parameter.
    outputs : tuple of (str, str)
        Name and text of each returned value.
    references : tuple of str
        The sources, each with its number in brackets.
    """

    summary: str
    parameters: dict[str, str]
    outputs: tuple[tuple[str, str], ...]
    references: tuple[str, ...]


def documentation_of(function: Callable[..., Any]) -> Documentation:
    """Return the parts of the docstring of a function."""
    from docstring_parser import DocstringStyle, parse

    doc = parse(function.__doc__ or "", style=DocstringStyle.NUMPYDOC)
    sources = " ".join(meta.description or "" for meta in doc.meta if meta.args[0] == "references")
    references = tuple(" ".join(part.split()) for part in sources.split(".. ") if part.strip())
    return Documentation(
        doc.short_description or "",
        {
            name.strip(): " ".join((parameter.description or "").split())
            for parameter in doc.params
            for name in parameter.arg_name.split(",")
        },
        tuple(
            (returned.return_name or "", " ".join((returned.description or "").split()))
            for returned in doc.many_returns
        ),
        references,
    )


@dataclass(frozen=True, eq=False)
class Operation:
    """Describe an operation.

    Attributes
    ----------
    id : str
        Package and name, for instance "segmentation.threshold".
    function : callable
        The function.
    declaration : Declaration
        What its decorator stores.
    """

    id: str
    function: Callable[..., Any]
    declaration: Declaration

    @property
    def package(self) -> str:
        """The package, which is the menu."""
        return self.id.split(".")[0]

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.id.split(".")[1]

    @property
    def title(self) -> str:
        """The name for people, for instance "Voronoi Otsu labeling"."""
        return title_of(self.name)

    @functools.cached_property
    def category(self) -> Category:
        """The group of similar operations that it belongs to."""
        module = self.function.__module__
        name = module.split(".")[-1]
        doc = sys.modules[module].__doc__ or ""
        return Category(f"{self.package}.{name}", title_of(name), doc.strip().split("\n")[0])

    @functools.cached_property
    def signature(self) -> Signature:
        """What it takes and gives."""
        return read_signature(self.function)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """The values it works on."""
        return self.signature.inputs

    @property
    def settings(self) -> tuple[Setting, ...]:
        """The parameters that a person chooses."""
        return self.signature.settings

    @functools.cached_property
    def outputs(self) -> tuple[Output, ...]:
        """The values it returns, named as its docstring names them."""
        return tuple(
            Output(output.name or name, output.kind)
            for output, (name, _) in zip(
                self.signature.outputs, self.documentation.outputs, strict=True
            )
        )

    @property
    def takes_spacing(self) -> bool:
        """Whether it must be told the voxel size."""
        return Quantity.SPACING in self.signature.carried

    @property
    def takes_units(self) -> bool:
        """Whether it must be told the unit of the voxel size."""
        return Quantity.UNITS in self.signature.carried

    @property
    def needs_one_voxel_size(self) -> bool:
        """Whether its images must have one voxel size.

        That is where lengths count, and where places are compared: pixels of another size are
        not at the same place.
        """
        return self.takes_spacing or self.takes_units or self.package in _COMPARING

    @property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        return self.documentation.summary

    @functools.cached_property
    def documentation(self) -> Documentation:
        """The parts of the docstring."""
        return documentation_of(self.function)

    def input(self, name: str) -> Input:
        """Return one of the inputs by its name."""
        return next(entry for entry in self.inputs if entry.name == name)

    def defaults(self) -> dict[str, Any]:
        """Return the default of every setting."""
        return {setting.name: setting.default for setting in self.settings}

    def check_settings(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return checked values for all settings.

        Parameters
        ----------
        parameters : dict
            Values for some or all settings.

        Returns
        -------
        dict
            A value for every setting, in the order of the signature.

        Raises
        ------
        TypeError, ValueError
            If a value is not allowed or a setting does not exist; the message says more.
        """
        unknown = set(parameters) - {setting.name for setting in self.settings}
        if unknown:
            names = ", ".join(setting.name for setting in self.settings) or "none"
            raise ValueError(
                f"{self.id} has no parameter {sorted(unknown)[0]!r}; its parameters are: {names}"
            )
        try:
            return {
                setting.name: setting.check(parameters.get(setting.name, setting.default))
                for setting in self.settings
            }
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self.id}: {error}") from None


@functools.cache
def operations() -> tuple[Operation, ...]:
    """Return all operations, in menu order.

    Returns
    -------
    tuple of Operation
        Every public function of the packages in `PACKAGES`.

    Examples
    --------
    >>> [operation.id for operation in operations()][:2]
    ['filters.gaussian', 'filters.median']
    """
    found = []
    for package in PACKAGES:
        module = importlib.import_module(f"napari_delineate.{package}")
        for name in module.__all__:
            function = getattr(module, name)
            found.append(Operation(operation_id(function), function, declaration_of(function)))
    return tuple(found)


@functools.cache
def _by_id() -> dict[str, Operation]:
    return {operation.id: operation for operation in operations()}


def find(id: str) -> Operation:
    """Return an operation by its id.

    Parameters
    ----------
    id : str
        For instance "segmentation.threshold".

    Returns
    -------
    Operation
        The operation.

    Raises
    ------
    UnknownNameError
        If there is none; the message names similar ones.

    Examples
    --------
    >>> find("segmentation.threshold").title
    'Threshold'
    """
    try:
        return _by_id()[id]
    except (KeyError, TypeError):
        close = difflib.get_close_matches(str(id), _by_id(), n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise UnknownNameError(f"there is no operation {str(id)[:80]!r}{hint}") from None


def categories() -> tuple[Category, ...]:
    """Return all categories, in menu order.

    Returns
    -------
    tuple of Category
        One for each module that holds operations.
    """
    return tuple(dict.fromkeys(operation.category for operation in operations()))


def accepts(wanted: Kind, given: Kind) -> bool:
    """Tell whether a value of one kind can be used where another is wanted.

    Labels can be used as a mask (every labelled pixel), a mask as an image of 0 and 1.

    Parameters
    ----------
    wanted, given : Kind
        The kind of an input, and the kind of a value.

    Returns
    -------
    bool
        Whether it fits.
    """
    return wanted == given or (wanted, given) in {
        (Kind.MASK, Kind.LABELS),
        (Kind.IMAGE, Kind.MASK),
    }


def next_steps(kind: Kind) -> tuple[Operation, ...]:
    """Return the operations that can work on a value of some kind.

    Parameters
    ----------
    kind : Kind
        The kind of the value.

    Returns
    -------
    tuple of Operation
        Those whose first input takes it.
    """
    return tuple(op for op in operations() if accepts(op.inputs[0].kind, kind))


def converter(given: Kind, wanted: Kind) -> Operation | None:
    """Return the first operation that makes a value of one kind from one of another.

    Parameters
    ----------
    given, wanted : Kind
        The kind that there is, and the kind that is needed.

    Returns
    -------
    Operation or None
        None if there is none.

    Examples
    --------
    >>> converter(Kind.RGB, Kind.IMAGE).id
    'filters.rgb_to_gray'
    """
    for candidate in operations():
        required = [one for one in candidate.inputs if not one.optional]
        if (
            [one.kind for one in required] == [given]
            and not required[0].variable
            and accepts(wanted, candidate.outputs[0].kind)
            and candidate.outputs[0].kind != given
        ):
            return candidate
    return None


def kind_in_words(kind: Kind) -> str:
    """Return a kind as it stands in a sentence, for instance "a colour image"."""
    if kind is Kind.RGB:
        return "a colour image"
    if kind in (Kind.LABELS, Kind.POINTS, Kind.SHAPES, Kind.SCORES, Kind.CORRECTIONS):
        return str(kind)
    return f"an {kind}" if str(kind)[0] in "aeiou" else f"a {kind}"


def explain_mismatch(operation: Operation, entry: Input, name: str, given: Kind) -> str:
    """Say why a value does not fit an input, and what would make it fit.

    Parameters
    ----------
    operation : Operation
        The operation.
    entry : Input
        Its input.
    name : str
        Name of the value.
    given : Kind
        Kind of the value.

    Returns
    -------
    str
        One sentence.
    """
    wanted, found = kind_in_words(entry.kind), kind_in_words(given)
    sentence = f"{operation.title} takes {wanted} as {entry.name}, but {name!r} is {found}"
    candidate = converter(given, entry.kind)
    if candidate is not None:
        return f"{sentence}; convert it with {candidate.title}"
    return f"{sentence}; choose another value"


def title_of(name: str) -> str:
    """Return a title for a name of the code.

    Examples
    --------
    >>> title_of("voronoi_otsu_labeling")
    'Voronoi Otsu labeling'
    """
    words = [_SPELLING.get(word, word) for word in name.split("_")]
    text = " ".join(words)
    return text[0].upper() + text[1:]
