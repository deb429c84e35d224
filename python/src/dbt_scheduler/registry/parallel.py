"""Runs requests to a remote registry in parallel, within one time limit."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from dbt_scheduler.findings.plural import format_count
from dbt_scheduler.registry.backend import RegistryUnreadableError

_AT_ONCE = 8

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class ParallelCalls:
    """Runs functions: in threads within a time limit, or without a pool one after the other."""

    def __init__(self, pool: ThreadPoolExecutor | None, seconds: float) -> None:
        self._pool = pool
        self._seconds = seconds
        self._until = time.monotonic() + seconds

    def one(self, function: Callable[[], _Result]) -> _Result:
        """The result of a function.

        Raises:
            RegistryUnreadableError: the time limit was exceeded.

        """
        if self._pool is None:
            return function()
        try:
            return self._pool.submit(function).result(self._left())
        except TimeoutError:
            raise RegistryUnreadableError(
                f"no response within {format_count(self._seconds, 'second')}"
            ) from None

    def each(
        self, function: Callable[[_Item], _Result], items: Iterable[_Item]
    ) -> Iterator[_Result | TimeoutError]:
        """The results of a function for each item, in order; a TimeoutError for each that is late."""
        if self._pool is None:
            yield from map(function, items)
            return
        for future in [self._pool.submit(function, item) for item in items]:
            try:
                yield future.result(self._left())
            except TimeoutError as error:
                yield error

    def _left(self) -> float:
        return max(self._until - time.monotonic(), 0)


@contextmanager
def parallel_calls(seconds: float, *, remote: bool) -> Iterator[ParallelCalls]:
    """Calls with a total time limit for remote stores, or direct calls."""
    if not remote:
        yield ParallelCalls(None, seconds)
        return
    pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="registry")
    try:
        yield ParallelCalls(pool, seconds)
    finally:
        # Late threads end by their own timeouts; they are not joined.
        pool.shutdown(wait=False, cancel_futures=True)
