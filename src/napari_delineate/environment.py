"""Say what computes: versions of packages."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, requires, version

__all__ = ["versions"]

_DISTRIBUTION = "napari-delineate"


def versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of what it computes with.

    Returns
    -------
    dict of str to str
        From names to versions; packages that are not installed are left out.

    Examples
    --------
    >>> "numpy" in versions()
    True
    """
    needed = [
        requirement
        for requirement in requires(_DISTRIBUTION) or []
        if "extra ==" not in requirement
    ]
    names = [_DISTRIBUTION, *(_name(requirement) for requirement in needed)]
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # an optional one, for another system
    return found


def _name(requirement: str) -> str:
    for index, letter in enumerate(requirement):
        if not (letter.isalnum() or letter in "-_."):
            return requirement[:index]
    return requirement
