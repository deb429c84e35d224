"""Reads list responses page by page within a time budget; the first pages matter most."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError

_Item = TypeVar("_Item")

Pages = Iterator[tuple[list[_Item], bool]]
"""The pages of a list response, each with whether it is the last."""


class Listed(msgspec.Struct, Generic[_Item], frozen=True):
    """The result of a list request, and whether it is complete."""

    found: list[_Item]
    whole: bool


class InTime:
    """Splits the time budget of an API session among several steps."""

    def __init__(self, api: AirflowApi) -> None:
        self._api = api
        self._seconds = api.seconds_left

    def collect(self, listings: Sequence[Pages[_Item]], *, left: float) -> list[Listed[_Item]]:
        """Read a page of each listing in turn, until only the given part of the time budget remains.

        Raises AirflowApiError, but not for the end of the time budget.
        """
        found: list[list[_Item]] = [[] for _ in listings]
        open_ = dict(enumerate(listings))
        try:
            while open_:
                for at, pages in list(open_.items()):
                    if self._api.seconds_left <= left * self._seconds:
                        return [Listed(items, at not in open_) for at, items in enumerate(found)]
                    page, last = next(pages)
                    found[at] += page
                    if last:
                        del open_[at]
        except AirflowApiError:
            if self._api.seconds_left > 0:
                raise
        return [Listed(items, at not in open_) for at, items in enumerate(found)]
