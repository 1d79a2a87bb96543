"""Work in Python processes of its own, several at a time: on this machine, or by the workers of a
Dask cluster that is there already.

    for answer in parallel.answers("tinygen.api.bench_child", requests, jobs=4):
        ...

A module that works so reads its request from standard input and writes its answer to standard
output, both bytes. What it ends with is its own affair: a request that fails is an answer that says
why, and no end of the others. When the loop is left, what still runs is ended.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from tinygen import processes
from tinygen.errors import InputError, ToolchainError
from tinygen.printable import printable

_CONNECT_SECONDS = 15
_LINES = 3
_EXTRA = "pip install 'tinygen[dask]'"


@dataclass(frozen=True)
class Answer:
    """What came of the request at `index`: its bytes, or None and why there are none."""

    index: int
    content: bytes | None
    why: str = ""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def answers(
    module: str,
    requests: Sequence[bytes],
    *,
    jobs: int | None = None,
    alone: Sequence[str] = (),
    scheduler: str | None = None,
) -> Generator[Answer, None, None]:
    """Answers to `requests` in the order in which they come, from this machine, `jobs` at a time
    (without it as many as it has cores), or from the workers of the Dask `scheduler`.

    Of requests with the same word in `alone`, one for each, only one is worked on at a time; empty
    words do not count, and a cluster does not heed them. InputError for a scheduler that does not
    answer.
    """
    if not requests:
        return
    if scheduler is not None:
        yield from _of_cluster(module, requests, scheduler)
        return
    calls = processes.Calls()
    held = {word: threading.Lock() for word in alone if word}
    come: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def work(index: int) -> None:
        lock = held.get(alone[index]) if alone else None
        with lock or contextlib.nullcontext():
            come.put(_answered(calls, module, requests[index], index))

    pool = ThreadPoolExecutor(jobs or cores())
    try:
        for index in range(len(requests)):
            pool.submit(work, index)
        for _ in requests:
            yield come.get()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        calls.end()
        pool.shutdown()


def _answered(calls: processes.Calls, module: str, request: bytes, index: int) -> Answer:
    try:
        code, content, said = calls.python(module, request)
    except OSError as error:
        return Answer(index, None, f"it could not be started: {error}")
    if code == 0:
        return Answer(index, content)
    return Answer(index, None, _reason(code, said))


def _reason(code: int, said: bytes) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return "; ".join(lines[-_LINES:]) or f"it ended with status {code}"


def workers(scheduler: str) -> int:
    """How many requests the workers of the Dask `scheduler` work on at a time. InputError as in
    `answers`."""
    with _client(scheduler) as client:
        return sum(client.nthreads().values())


def _of_cluster(module: str, requests: Sequence[bytes], scheduler: str) -> Iterator[Answer]:
    with _client(scheduler) as client:
        import distributed

        version = metadata.version("tinygen")
        sent = {
            client.submit(work_for, module, request, version, pure=False): index
            for index, request in enumerate(requests)
        }
        try:
            come: Any = distributed.as_completed
            for done in come(sent, loop=client.loop):
                fault = done.exception()
                if fault is None:
                    yield Answer(sent[done], done.result())
                else:
                    yield Answer(sent[done], None, f"{type(fault).__name__}: {fault}")
        finally:
            client.cancel(list(sent), force=True)


@contextlib.contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    """A connection to a scheduler that has workers."""
    try:
        import distributed
    except ImportError as error:
        raise ToolchainError(
            "--scheduler needs Dask", why=f"{error}", next_step=f"{_EXTRA}, here and at the workers"
        ) from error
    if re.fullmatch(r"[a-z]+://\S+", scheduler) is None:
        raise InputError(
            f"--scheduler is '{printable(scheduler)}'",
            why="it is the address of a Dask scheduler",
            next_step="--scheduler tcp://HOST:8786",
        )
    try:
        connect: Any = distributed.Client
        client = connect(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"the scheduler {scheduler} does not answer",
            why=f"{error}",
            next_step="start one: dask scheduler; then workers: dask worker tcp://HOST:8786",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except TimeoutError as error:
            raise InputError(
                f"the scheduler {scheduler} has no worker",
                next_step=f"start some: dask worker {scheduler}",
            ) from error
        yield client


def work_for(module: str, request: bytes, version: str) -> bytes:
    """At a worker: the answer to one request. RuntimeError, which says why, where there is none."""
    here = metadata.version("tinygen")
    if here != version:
        raise RuntimeError(f"the worker has tinygen {here}, not {version}")
    answer = _answered(processes.Calls(), module, request, 0)
    if answer.content is None:
        raise RuntimeError(answer.why)
    return answer.content
