"""Batches of microbatch models begin where dbt's own code begins them."""

import warnings
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from dbt_scheduler.schedule import BATCH_SIZES, batch_start

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from dbt.artifacts.resources.types import BatchSize
    from dbt.materializations.incremental.microbatch import MicrobatchBuilder

MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(MOMENTS, st.sampled_from(BATCH_SIZES), st.integers(0, 40))
def test_earlier_batches_start_as_in_dbt(moment, size, lookback):
    expected = MicrobatchBuilder.offset_timestamp(moment, BatchSize(size), -lookback)
    assert batch_start(moment, size, lookback) == expected


def test_every_batch_size_of_dbt_is_known():
    assert sorted(size.value for size in BatchSize) == sorted(BATCH_SIZES)


def test_batches_are_of_utc_whatever_the_offset():
    noon = datetime(2025, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=3)))
    assert batch_start(noon, "day") == datetime(2025, 2, 28, tzinfo=UTC)
