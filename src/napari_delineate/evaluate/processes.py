"""Do jobs in several processes, such that one that ends takes only its job with it.

Jobs and answers are lines of JSON. The processes are started as programs of their own, so that a
script that asks for them is not run again in each of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

__all__ = ["JobError", "do_jobs", "serve"]

_PATIENCE = 0.1  # seconds between two looks at whether to stop


class JobError(RuntimeError):
    """Say why a job failed."""


class _Process:
    """One process, seen from the side of the one that started it."""

    def __init__(self, command: Sequence[str], task: Any) -> None:
        self._popen = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self._send(task)

    def _send(self, message: Any) -> None:
        assert self._popen.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it has ended, as its answer will show
            self._popen.stdin.write(json.dumps(message) + "\n")
            self._popen.stdin.flush()

    def ask(self, job: Any) -> Any:
        """Return the answer to a job, or raise `JobError`."""
        assert self._popen.stdout is not None
        self._send(job)
        line = self._popen.stdout.readline()
        if not line.endswith("\n"):
            raise JobError(
                f"the process that computed it has ended (exit status {self._popen.wait()}); it "
                "may have run out of memory, or a library has crashed"
            )
        answer = json.loads(line)
        if "error" in answer:
            raise JobError(answer["error"])
        return answer["result"]

    @property
    def has_ended(self) -> bool:
        return self._popen.returncode is not None

    def kill(self) -> None:
        """End the process at once, from any thread."""
        self._popen.kill()

    def close(self) -> None:
        """End the process and forget its pipes, when no thread reads its answers."""
        self._popen.kill()
        self._popen.wait()
        for stream in (self._popen.stdin, self._popen.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


class _Crew:
    """Threads with a process each, that take jobs from one list."""

    def __init__(self, command: Sequence[str], task: Any, jobs: Sequence[Any]) -> None:
        self.answers: queue.Queue[tuple[int, Any]] = queue.Queue()
        self._command, self._task = command, task
        self._waiting = list(enumerate(jobs))[::-1]
        self._lock = threading.Lock()
        self._processes: set[_Process] = set()
        self._is_stopped = False
        self._threads: list[threading.Thread] = []

    def start(self, number: int) -> None:
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all processes at once."""
        with self._lock:
            self._is_stopped = True
            self._waiting.clear()
            for process in self._processes:
                process.kill()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        process: _Process | None = None
        try:
            while True:
                with self._lock:
                    if not self._waiting:
                        return
                    number, job = self._waiting.pop()
                    if process is None:
                        process = _Process(self._command, self._task)
                        self._processes.add(process)
                try:
                    answer = process.ask(job)
                except JobError as error:
                    answer = error
                self.answers.put((number, answer))
                if process.has_ended:
                    self._forget(process)
                    process = None
        except OSError as error:  # such as: no more processes allowed
            self.answers.put((-1, error))
        finally:
            if process is not None:
                self._forget(process)

    def _forget(self, process: _Process) -> None:
        with self._lock:
            self._processes.discard(process)
        process.close()


def do_jobs(
    command: Sequence[str],
    task: Any,
    jobs: Sequence[Any],
    workers: int,
    check: Callable[[], None],
) -> Iterator[tuple[int, Any]]:
    """Do jobs in processes of their own, and give their results as they come.

    Parameters
    ----------
    command : sequence of str
        Starts a process, which calls `serve`.
    task : JSON
        What all jobs share.
    jobs : sequence of JSON
        What each is.
    workers : int
        How many processes there are.
    check : callable
        Is called many times a second. Whatever it raises ends the processes at once.

    Yields
    ------
    number : int
        The place of a job.
    result : JSON or JobError
        What it gave, or why it failed.

    Raises
    ------
    OSError
        If no process can be started.
    """
    crew = _Crew(command, task, jobs)
    try:
        crew.start(min(workers, len(jobs)))
        done = 0
        while done < len(jobs):
            check()
            try:
                number, answer = crew.answers.get(timeout=_PATIENCE)
            except queue.Empty:
                continue
            if isinstance(answer, OSError):
                raise answer
            done += 1
            yield number, answer
    finally:
        crew.stop()


def serve(begin: Callable[[Any], Callable[[Any], Any]]) -> None:
    """Answer jobs from standard input until it ends.

    Parameters
    ----------
    begin : callable
        Takes what all jobs share, and returns the function that does one. What that raises
        is the answer.
    """
    # Ctrl+C in a terminal reaches this process too; the one that started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    lines = iter(sys.stdin.readline, "")
    function: Callable[[Any], Any] | None = None
    for line in lines:
        message = json.loads(line)
        if function is None:
            function = begin(message)
            continue
        try:
            answer = {"result": function(message)}
        except Exception as error:
            answer = {"error": str(error) or type(error).__name__}
        with contextlib.suppress(BrokenPipeError):  # the one that started it is gone
            answers.write(json.dumps(answer) + "\n")
            answers.flush()
