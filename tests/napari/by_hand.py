"""What tests of annotation share: tools taken up, states compared, everything undone."""

from __future__ import annotations

import numpy as np

from napari_delineate.annotation.object_index import ObjectIndex


def take_up(dock, name):
    """Hold a tool, which may be held already."""
    if dock.pointer.tool is None or dock.pointer.tool.name != name:
        dock.pointer.take_up(name)
    assert dock.pointer.tool.name == name


def check_index(dock):
    """What the dock knows of objects is what there is."""
    fresh = ObjectIndex(np.asarray(dock.hand.layer.data))
    known = dock.hand.objects
    assert known.numbers == fresh.numbers
    assert [known.size(n) for n in fresh.numbers] == [fresh.size(n) for n in fresh.numbers]
    for number in fresh.numbers:
        held, exact = known.box(number), fresh.box(number)
        pairs = zip(held, exact, strict=True)
        assert all(a.start <= b.start and b.stop <= a.stop for a, b in pairs)


def as_bits(layer):
    data = np.asarray(layer.data)
    return data.dtype, data.shape, data.tobytes()


def undo_all(session, settle, layer, first):
    """Undo everything, which gives the first state; redo everything, which gives the last."""
    last, entries = as_bits(layer), len(session.history.past)
    for _ in range(entries):
        session.undo()
    settle()
    assert as_bits(layer) == first
    session.redo(entries)
    settle()
    assert as_bits(layer) == last
