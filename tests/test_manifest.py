"""The plugin manifest says what the catalogue says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import napari_delineate
from napari_delineate.catalogue import PACKAGES, operations
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


def test_every_operation_has_one_menu_item_in_the_menu_of_its_package(contributions):
    places = [
        (menu, item["command"])
        for menu, items in contributions["menus"].items()
        for item in items
        if "command" in item
    ]
    expected = [(f"{PLUGIN}/{one.package}", f"{PLUGIN}.{one.id}") for one in operations()]
    assert places == expected


def test_menu_items_are_grouped_by_category_in_the_order_of_the_catalogue(contributions):
    # napari sorts items by group, and inside a group by the number behind the @.
    for package in PACKAGES:
        items = contributions["menus"][f"{PLUGIN}/{package}"]
        groups = [item["group"].rsplit("@", 1) for item in items]
        numbers = [int(number) for _, number in groups]
        assert numbers == sorted(numbers)
        inside = [one for one in operations() if one.package == package]
        for (group, _), operation in zip(groups, inside, strict=True):
            assert group.endswith(operation.category.id)


def test_menus_are_submenus_of_menus_that_napari_has(contributions):
    submenus = {one["id"]: one["label"] for one in contributions["submenus"]}
    assert submenus == {f"{PLUGIN}/{package}": title for package, title in PACKAGES.items()}
    own = set(submenus)
    assert set(contributions["menus"]) <= own | NAPARI_MENUS
    shown = [
        item["submenu"]
        for menu, items in contributions["menus"].items()
        if menu in NAPARI_MENUS
        for item in items
    ]
    assert sorted(shown) == sorted(own)


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
