"""What can be done with a step: insert, duplicate, bypass, rename, show, delete."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtWidgets import QMenu, QMessageBox, QWidget

from napari_delineate import catalogue, rewiring
from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets import icon
from napari_delineate.steps import passed_on
from napari_delineate.workflow import Step

__all__ = ["delete_step", "fill_menu"]


def fill_menu(
    menu: QMenu,
    session: Session,
    step: Step,
    *,
    select: Callable[[str], None],
    rename: Callable[[], None],
    fail: Callable[[str], None],
) -> None:
    """Fill a menu with what can be done with a step.

    Parameters
    ----------
    menu : QMenu
        The menu.
    session : Session
        The session.
    step : Step
        The step.
    select : callable
        Selects a step that was made.
    rename : callable
        Lets a person rename the step's result.
    fail : callable
        Shows a sentence about what can not be done.
    """
    theme = session.viewer.theme
    menu.setToolTipsVisible(True)
    value = step.outputs[0]
    insert = menu.addMenu(icon("insert", theme), "Insert a step after this")
    insert.setToolTipsVisible(True)
    for category in catalogue.categories():
        fitting = [
            operation
            for operation in catalogue.next_steps(session.workflow.values[value].kind)
            if operation.category == category
            and sum(not one.optional for one in operation.inputs) == 1
        ]
        if not fitting:
            continue
        below = insert.addMenu(icon(category.id, theme), category.title)
        below.setToolTipsVisible(True)
        for operation in fitting:
            action = below.addAction(operation.title)
            action.setToolTip(operation.summary)
            action.triggered.connect(partial(_insert, session, operation.id, value, select, fail))
    insert.setEnabled(not insert.isEmpty())
    branch = menu.addAction(icon("branch", theme), "Duplicate as a branch")
    branch.setToolTip("Copy this step and all that follows from it, to compare settings")
    branch.triggered.connect(partial(_duplicate, session, step.name, select))
    bypass = menu.addAction(icon("bypass", theme), "Bypass")
    bypass.setCheckable(True)
    bypass.setChecked(step.bypassed)
    can_pass = passed_on(step, session.workflow.values) is not None
    bypass.setEnabled(can_pass)
    bypass.setToolTip(
        "Hand on what the step is given, as if it were not there"
        if can_pass
        else "Only a step that gives what it takes, such as a filter, can be bypassed"
    )
    bypass.triggered.connect(partial(_bypass, session, step.name))
    menu.addSeparator()
    menu.addAction(icon("rename", theme), "Rename the result", rename)
    menu.addSeparator()
    delete = menu.addAction(icon("remove", theme), "Delete")
    delete.triggered.connect(partial(_delete, session, step.name, menu))


def delete_step(session: Session, name: str, parent: QWidget | None) -> None:
    """Delete a step; a person is asked what becomes of the steps that need it.

    Parameters
    ----------
    session : Session
        The session.
    name : str
        Name of the step.
    parent : QWidget or None
        Over which the question stands.
    """
    workflow = session.workflow
    needing = workflow.dependants(name)
    if not needing:
        session.apply(workflow.remove(name))
        return
    title = catalogue.find(workflow.step(name).operation).title
    followers = ", ".join(catalogue.find(workflow.step(one).operation).title for one in needing)
    question = QMessageBox(parent)
    question.setIcon(QMessageBox.Icon.Question)
    question.setWindowTitle("Delete a step")
    question.setText(f"What becomes of the steps that follow from {title}?")
    question.setInformativeText(f"{followers}. Undo brings everything back.")
    both = question.addButton("Delete them too", QMessageBox.ButtonRole.AcceptRole)
    keep = None
    if passed_on(workflow.step(name), workflow.values) is not None:
        keep = question.addButton("Keep them", QMessageBox.ButtonRole.AcceptRole)
        keep.setToolTip("They work on what this step worked on")
    question.addButton(QMessageBox.StandardButton.Cancel)
    question.exec()
    if question.clickedButton() is both:
        session.apply(workflow.remove(name, with_dependants=True))
    elif keep is not None and question.clickedButton() is keep:
        session.apply(rewiring.take_out(workflow, name))


def _insert(
    session: Session,
    operation: str,
    value: str,
    select: Callable[[str], None],
    fail: Callable[[str], None],
    _: bool = False,
) -> None:
    try:
        select(session.insert(operation, value))
    except (ValueError, TypeError) as error:
        fail(str(error))


def _duplicate(session: Session, name: str, select: Callable[[str], None], _: bool = False) -> None:
    count = len(session.workflow.steps)
    session.apply(rewiring.duplicate(session.workflow, name))
    select(session.workflow.steps[count].name)


def _bypass(session: Session, name: str, bypassed: bool) -> None:
    session.apply(session.workflow.change(name, bypassed=bypassed))


def _delete(session: Session, name: str, menu: QMenu, _: bool = False) -> None:
    delete_step(session, name, menu.parentWidget())
