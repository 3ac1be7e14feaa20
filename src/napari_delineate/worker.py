"""Compute in a process of its own, so that a viewer never waits and can always cancel.

A library that holds the interpreter's lock would freeze the viewer if it ran in a thread,
and nothing but ending its process stops a watershed. So calls run in a worker process,
`python -m napari_delineate.worker`. To cancel is to end it; a spare one that is warm
already takes its place.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from napari_delineate.engine import CancelledError
from napari_delineate.evaluation import Call, Outcome, evaluate
from napari_delineate.sharing import Exchange, decode, encode
from napari_delineate.types import Voxels

__all__ = ["WorkerError", "WorkerRunner", "main"]

_WARM_UP = (
    "cc3d",
    "edt",
    "fast_simplification",
    "fastremap",
    "pandas",
    "scipy.ndimage",
    "skimage.filters",
    "skimage.measure",
    "skimage.morphology",
    "skimage.segmentation",
)
"""What a spare process imports before it is needed."""


class WorkerError(RuntimeError):
    """Say what an operation refused, or that the process that computed it has ended."""


class _Process:
    """One worker process, seen from the viewer's side."""

    _started = 0

    def __init__(self, folders: list[Path]) -> None:
        _Process._started += 1
        self.prefix = f"worker{_Process._started}"
        self.cancelled = False
        # -P: no module of the folder that the viewer was started in is imported.
        command = [sys.executable, "-P", "-m", "napari_delineate.worker", self.prefix]
        self._popen = subprocess.Popen(  # noqa: S603
            command + [str(folder) for folder in folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Send a message and return the answers; they end when the process does."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        text = json.dumps(message) + "\n"
        with contextlib.suppress(BrokenPipeError):
            self._popen.stdin.write(text)
            self._popen.stdin.flush()
        for line in self._popen.stdout:
            if not line.endswith("\n"):
                return  # it was ended while it answered
            yield json.loads(line)

    @property
    def alive(self) -> bool:
        return self._popen.poll() is None

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._popen.returncode

    def kill(self) -> None:
        """End the process at once, from any thread."""
        self._popen.kill()
        self._popen.wait()

    def end(self) -> None:
        """End the process at once, when no other thread reads its answers."""
        self.kill()
        for stream in (self._popen.stdin, self._popen.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


class WorkerRunner:
    """Run calls in a worker process, with a warm spare one behind it.

    One call runs at a time. `close` ends the processes; they also end with this one.
    """

    def __init__(self) -> None:
        self._folders = Exchange.make_folders()
        self._exchange = Exchange(self._folders, "viewer")
        self._turn = threading.Lock()  # held while a call runs
        self._lock = threading.Lock()  # held while what follows changes
        self._running: _Process | None = None
        self._spare: _Process | None = None
        self._ready: _Process | None = None
        self._call = 0  # the number of the call that runs
        self._closed = False
        self._clean_up = weakref.finalize(self, _remove_folders, self._folders)

    def warm_up(self) -> None:
        """Start the processes now, so that the first call does not wait for them."""
        with self._lock:
            if self._closed:
                return
            waiting = []
            for process in (self._ready, self._spare):
                if process is None:
                    continue
                if process.alive:
                    waiting.append(process)
                elif process is not self._running:  # it has crashed while it waited
                    process.end()
                    self._exchange.remove_files(process.prefix)
            while len(waiting) < 2:
                waiting.append(_Process(self._folders))
            self._ready, self._spare = waiting

    def run(self, call: Call, progress: Callable[[int, int], None]) -> Outcome:
        """Run a call in the worker process.

        Parameters
        ----------
        call : Call
            What is to be computed.
        progress : callable
            Is called with the number of loops done and of all loops.

        Returns
        -------
        Outcome
            The outputs; their arrays lie in shared memory.

        Raises
        ------
        CancelledError
            If `cancel` or `close` was called meanwhile.
        WorkerError
            If the operation fails, or its process ends.
        """
        with self._turn:
            self.warm_up()
            with self._lock:
                if self._closed or self._ready is None:
                    raise CancelledError
                process = self._running = self._ready
                self._call += 1
            message: dict[str, Any] = {}
            usable = True
            try:
                progress(0, 1)
                message = _encode_call(call, self._exchange)
                # Until it has answered: what it says later would answer the next call.
                usable = False
                for answer in process.ask(message):
                    if "progress" in answer:
                        progress(*answer["progress"])
                    elif "error" in answer:
                        usable = True
                        raise WorkerError(answer["error"])
                    else:
                        outcome = self._outcome(answer)
                        usable = True
                        return outcome
            finally:
                with self._lock:
                    self._running = None
                if process.cancelled or not usable:
                    self._discard(process)
                for described in _copied(message):
                    Path(described["file"]).unlink(missing_ok=True)
            if process.cancelled:
                raise CancelledError
            raise WorkerError(
                f"the process that computed it has ended (exit status {process.status}); it may "
                "have run out of memory, or a library has crashed"
            )

    def cancel(self, patience: float = 0.0) -> None:
        """End the call that runs; the next one starts in the spare process.

        Parameters
        ----------
        patience : float
            Seconds for which the call may go on. Where it ends by itself meanwhile its
            process stays, which costs less than starting another one.
        """
        with self._lock:
            process, call = self._running, self._call
        if process is None:
            return
        if patience:
            waiting = threading.Timer(patience, self._end, (process, call))
            waiting.daemon = True
            waiting.start()
        else:
            self._end(process, call)

    def _end(self, process: _Process, call: int) -> None:
        """End a process, if it still runs a call."""
        with self._lock:
            if self._running is not process or self._call != call:
                return
            process.cancelled = True
            if self._ready is process:
                self._ready, self._spare = self._spare, None
        process.kill()
        self.warm_up()

    def close(self) -> None:
        """End all processes and free the shared memory that no array uses."""
        with self._lock:
            self._closed = True
            running, waiting = self._running, {self._ready, self._spare}
            self._ready = self._spare = None
        if running is not None:
            running.cancelled = True
            running.kill()
        for process in waiting - {running, None}:
            if process is not None:
                process.end()
        self._clean_up()

    def _outcome(self, answer: dict[str, Any]) -> Outcome:
        values = tuple(decode(value, self._exchange, own=True) for value in answer["values"])
        return Outcome(values, answer["seconds"], tuple(answer["warnings"]))

    def _discard(self, process: _Process) -> None:
        """End a process and forget it."""
        process.end()
        with self._lock:
            if self._ready is process:
                self._ready, self._spare = self._spare, None
        self._exchange.remove_files(process.prefix)


def _remove_folders(folders: list[Path]) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _encode_call(call: Call, exchange: Exchange) -> dict[str, Any]:
    def encode_input(value: Any) -> Any:
        if isinstance(value, tuple):
            return [encode(one, exchange) for one in value]
        return None if value is None else encode(value, exchange)

    return {
        "operation": call.operation,
        "inputs": [encode_input(value) for value in call.inputs],
        "parameters": {
            name: {"voxels": value.number} if isinstance(value, Voxels) else value
            for name, value in call.parameters.items()
        },
        "over": call.over,
        "device": call.device,
    }


def _decode_call(message: dict[str, Any], exchange: Exchange) -> Call:
    def decode_input(value: Any) -> Any:
        if isinstance(value, list):
            return tuple(decode(one, exchange, own=False) for one in value)
        return None if value is None else decode(value, exchange, own=False)

    return Call(
        message["operation"],
        tuple(decode_input(value) for value in message["inputs"]),
        {
            name: Voxels(value["voxels"]) if isinstance(value, dict) else value
            for name, value in message["parameters"].items()
        },
        message["over"],
        message["device"],
    )


def _copied(message: Any) -> Iterator[dict[str, Any]]:
    """Return the descriptions of arrays that were copied into files for one message."""
    if isinstance(message, dict):
        if message.get("copied"):
            yield message
        else:
            for value in message.values():
                yield from _copied(value)
    elif isinstance(message, list):
        for value in message:
            yield from _copied(value)


def main() -> None:
    """Answer calls from standard input until it ends, then clean up and end.

    The command line gives the prefix for names of files, and their folders.
    """
    # Ctrl+C in a terminal reaches this process too; the viewer decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prefix, folders = sys.argv[1], [Path(folder) for folder in sys.argv[2:]]
    # What libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    exchange = Exchange(folders, prefix)
    calls: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(calls, folders), daemon=True).start()

    def answer(message: dict[str, Any]) -> None:
        text = json.dumps(message)
        try:
            answers.write(text + "\n")
            answers.flush()
        except BrokenPipeError:
            _leave(folders)

    for module in _WARM_UP:
        importlib.import_module(module)
    while True:
        message = json.loads(calls.get())
        try:
            call = _decode_call(message, exchange)
            outcome = evaluate(call, lambda done, total: answer({"progress": [done, total]}))
            values = [encode(value, exchange) for value in outcome.values]
            said = list(outcome.warnings)
            answer({"values": values, "seconds": outcome.seconds, "warnings": said})
        except Exception as error:
            answer({"error": str(error) or type(error).__name__})


def _listen(calls: queue.Queue[str], folders: list[Path]) -> None:
    """Hand on calls; when the viewer's side is gone, leave nothing behind."""
    for line in sys.stdin:
        calls.put(line)
    _leave(folders)


def _leave(folders: list[Path]) -> NoReturn:
    _remove_folders(folders)
    os._exit(0)


if __name__ == "__main__":
    main()
