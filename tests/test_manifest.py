"""The plugin manifest says what the catalogue says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import napari_delineate
from napari_delineate.catalogue import PACKAGES, categories, operations
from napari_delineate.manifest import PLUGIN, command_name, manifest, to_yaml
from napari_delineate.samples import SAMPLES

PACKAGED = Path(napari_delineate.__file__).parent / "napari.yaml"
AT_THE_TOP = Path(__file__).parents[1] / "napari.yaml"
# npe2 drops what is put anywhere else.
NAPARI_MENUS = {
    "napari/layers/filter",
    "napari/layers/segment",
    "napari/layers/visualize",
    "napari/layers/measure",
}


@pytest.fixture(scope="module")
def contributions():
    return manifest()["contributions"]


def test_the_committed_manifest_is_up_to_date():
    assert PACKAGED.read_text(encoding="utf-8") == to_yaml(), "run `make manifest`"


def test_the_manifest_at_the_top_is_the_packaged_one():
    if not AT_THE_TOP.exists():
        pytest.skip("this is no checkout")
    if not AT_THE_TOP.is_symlink():
        pytest.skip("git has written the link as a text file")
    assert AT_THE_TOP.resolve() == PACKAGED.resolve()


def test_the_text_is_the_manifest():
    assert yaml.safe_load(to_yaml()) == manifest()
    assert to_yaml() == to_yaml()


def test_every_operation_has_one_command(contributions):
    commands = contributions["commands"]
    ids = [command["id"] for command in commands]
    assert len(set(ids)) == len(ids)
    for operation in operations():
        (command,) = (one for one in commands if one["id"] == f"{PLUGIN}.{operation.id}")
        assert command["title"] == operation.title
        assert command["python_name"].endswith(f"_napari.commands:{command_name(operation.id)}")


def leaves(contributions, menu):
    """Yield the menu and the command of every item of a menu and its submenus, as shown."""
    items = contributions["menus"][menu]
    # napari sorts items by group, and inside a group by the number behind the @.
    assert {one["group"].rsplit("@", 1)[0] for one in items} == {"operations"}
    for item in sorted(items, key=lambda one: int(one["group"].rsplit("@", 1)[1])):
        if "submenu" in item:
            yield from leaves(contributions, item["submenu"])
        else:
            yield menu, item["command"]


@pytest.mark.parametrize("package", PACKAGES)
def test_operations_stand_in_the_menus_of_their_categories(contributions, package):
    inside = [
        one
        for category in categories()
        for one in operations()
        if one.category == category and one.package == package
    ]
    expected = []
    for one in inside:
        alone = sum(other.category == one.category for other in inside) == 1
        menu = package if alone else one.category.id
        expected.append((f"{PLUGIN}/{menu}", f"{PLUGIN}.{one.id}"))
    assert list(leaves(contributions, f"{PLUGIN}/{package}")) == expected


def test_menus_are_submenus_of_menus_that_napari_has(contributions):
    submenus = {one["id"]: one["label"] for one in contributions["submenus"]}
    own = {f"{PLUGIN}/{package}": title for package, title in PACKAGES.items()}
    assert submenus.items() >= own.items()
    assert set(contributions["menus"]) == set(submenus) | NAPARI_MENUS
    shown = [
        item["submenu"]
        for items in contributions["menus"].values()
        for item in items
        if "submenu" in item
    ]
    assert sorted(shown) == sorted(submenus)
    at_the_top = [item["submenu"] for menu in NAPARI_MENUS for item in contributions["menus"][menu]]
    assert sorted(at_the_top) == sorted(own)


def test_samples_readers_and_writers_have_commands(contributions):
    commands = {command["id"] for command in contributions["commands"]}
    assert [one["key"] for one in contributions["sample_data"]] == [one.name for one in SAMPLES]
    for part in ("sample_data", "readers", "writers"):
        assert contributions[part]
        assert {one["command"] for one in contributions[part]} <= commands


def test_ids_and_names_are_those_that_npe2_takes(contributions):
    assert manifest()["name"] == PLUGIN
    for command in contributions["commands"]:
        assert command["id"].startswith(f"{PLUGIN}.")
        module, _, name = command["python_name"].partition(":")
        assert module.startswith("napari_delineate._napari.")
        assert name.isidentifier()
