"""Deriving the pipelines of many declared tasks takes linear time."""

from dbt_scheduler.project.derived_pipelines import derive_pipelines
from dbt_scheduler.project.types import ProjectTask

MANY = 5_000


class CountingTuple(tuple[str, ...]):
    """The parents of a task; counts how often they are iterated."""

    looks = 0

    def __iter__(self):
        type(self).looks += 1
        return super().__iter__()


def work(number: int, *parents: str, pipelines: tuple[str, ...] = ()) -> ProjectTask:
    return ProjectTask(
        id=f"w{number}",
        name=f"w{number}",
        group=None,
        pipelines=pipelines,
        parents=CountingTuple(parents),
        assets=(),
    )


def derived(tasks: list[ProjectTask]) -> tuple[dict[str, tuple[str, ...]], int]:
    """The pipelines, and how often the parents of a task were iterated on average."""
    CountingTuple.looks = 0
    wanting = {each.id for each in tasks if not each.pipelines}
    found = derive_pipelines({each.id: each for each in tasks}, {}, wanting)
    return found, CountingTuple.looks // len(tasks)


def test_a_chain_takes_its_first_ones_pipelines():
    chain = [work(0, pipelines=("daily",)), *(work(n, f"w{n - 1}") for n in range(1, MANY))]
    found, looks = derived(chain)
    assert found == {f"w{n}": ("daily",) for n in range(1, MANY)}
    assert looks < 10


def test_a_chain_takes_its_last_readers_pipelines():
    chain = [*(work(n, f"w{n - 1}") for n in range(MANY)), work(MANY, f"w{MANY - 1}", pipelines=("daily",))]
    found, looks = derived(chain)
    assert found == {f"w{n}": ("daily",) for n in range(MANY)}
    assert looks < 10
