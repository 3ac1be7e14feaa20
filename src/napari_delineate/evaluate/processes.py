"""Do many jobs in several processes, such that one that ends takes only its job with it."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

__all__ = ["JobError", "do_jobs"]

Job = TypeVar("Job")
Result = TypeVar("Result")

_PATIENCE = 0.1  # seconds between two looks at whether to stop
_READY = "ready"


class JobError(RuntimeError):
    """Say why a job failed."""


class _Process(Generic[Job, Result]):
    """One process and the job it does."""

    def __init__(self, function: Callable[[Job], Result]) -> None:
        # Fresh processes on all systems: a fork would copy locks that other threads hold.
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.job: int | None = None
        self.is_ready = False
        self._process = context.Process(target=_serve, args=(other, function), daemon=True)
        self._process.start()
        other.close()

    def begin(self, number: int, job: Job) -> None:
        self.job = number
        self.connection.send(job)

    def end(self) -> int | None:
        """End the process at once; return its exit status."""
        self._process.kill()
        self._process.join()
        self.connection.close()
        return self._process.exitcode


def _serve(connection: Connection, function: Callable[[Any], Any]) -> None:
    """Do jobs until there are no more."""
    # Ctrl+C in a terminal reaches this process too; the one that started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        connection.send(_READY)
        while True:
            job = connection.recv()
            try:
                answer = function(job), ""
            except Exception as error:
                answer = None, str(error) or type(error).__name__
            connection.send(answer)
    except (EOFError, BrokenPipeError):
        return  # the one that started it is gone


def do_jobs(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    workers: int,
    check: Callable[[], None],
) -> Iterator[tuple[int, Result | JobError]]:
    """Do jobs in processes of their own, and give their results as they come.

    Parameters
    ----------
    function : callable
        Does one job; a function of a module, as other processes import it by its name.
    jobs : sequence
        What it is called with.
    workers : int
        How many processes there are.
    check : callable
        Is called many times a second. Whatever it raises ends the processes at once.

    Yields
    ------
    number : int
        The place of a job.
    result : Result or JobError
        What the function returned, or why it did not.

    Raises
    ------
    RuntimeError
        If no process can be started.
    """
    waiting = list(enumerate(jobs))[::-1]
    processes: list[_Process[Job, Result]] = []
    try:
        processes += [_Process(function) for _ in range(min(workers, len(jobs)))]
        while processes:
            check()
            for connection in wait([one.connection for one in processes], _PATIENCE):
                process = next(one for one in processes if one.connection is connection)
                try:
                    answer = process.connection.recv()
                except EOFError:
                    processes.remove(process)
                    status = process.end()
                    if process.job is None:
                        raise RuntimeError(_CAN_NOT_START) from None
                    yield process.job, JobError(_ENDED.format(status))
                    if waiting:
                        processes.append(_Process(function))
                    continue
                if process.is_ready:
                    result, reason = answer
                    assert process.job is not None
                    yield process.job, JobError(reason) if reason else result
                process.is_ready = True
                if waiting:
                    process.begin(*waiting.pop())
                else:
                    processes.remove(process)
                    process.end()
    finally:
        for process in processes:
            process.end()


_ENDED = (
    "the process that computed it has ended (exit status {}); it may have run out of memory, or a "
    "library has crashed"
)
_CAN_NOT_START = (
    "the processes end as soon as they start; in a script, call it below "
    "'if __name__ == \"__main__\":', or with one worker"
)
