"""The batches of dbt microbatch models: hours, days, months or years, always in UTC."""

from datetime import UTC, datetime, timedelta

from dbt_scheduler.schedule.time_zones import to_utc

BATCH_SIZES = ("hour", "day", "month", "year")
"""The values of a microbatch model's ``batch_size``: https://docs.getdbt.com/docs/build/incremental-microbatch."""


def batch_start(instant: datetime, batch_size: str, lookback: int = 0) -> datetime:
    """The start, in UTC, of the batch ``lookback`` batches before the one that contains an instant."""
    moment = to_utc(instant)
    if batch_size == "hour":
        return moment.replace(minute=0, second=0, microsecond=0) - timedelta(hours=lookback)
    if batch_size == "day":
        return datetime(moment.year, moment.month, moment.day, tzinfo=UTC) - timedelta(days=lookback)
    if batch_size == "month":
        years, months = divmod(moment.year * 12 + moment.month - 1 - lookback, 12)
        return datetime(years, months + 1, 1, tzinfo=UTC)
    return datetime(moment.year - lookback, 1, 1, tzinfo=UTC)
