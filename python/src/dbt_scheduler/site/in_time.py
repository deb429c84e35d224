"""Listings of which the first pages count, where there is no time for all of them."""

from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

import msgspec

from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_api.errors import AirflowApiError

_Item = TypeVar("_Item")

Pages = Iterator[tuple[list[_Item], bool]]
"""The pages of a listing, each with whether it is the last."""


class Listed(msgspec.Struct, Generic[_Item], frozen=True):
    """What a listing has found, and whether it is all that there is."""

    found: list[_Item]
    whole: bool


class InTime:
    """The time of a session with Airflow, of which several steps get a part each."""

    def __init__(self, api: AirflowApi) -> None:
        self._api = api
        self._seconds = api.seconds_left

    def collect(self, listings: Sequence[Pages[_Item]], *, left: float) -> list[Listed[_Item]]:
        """What each listing has, a page of each by turns, until no more than this part of the time is left.

        Raises AirflowApiError, except that the time is over.
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
