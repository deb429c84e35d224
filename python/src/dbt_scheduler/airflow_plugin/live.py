"""The current data of the pages for one user."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from dbt_scheduler.airflow_api.client import AirflowApi
from dbt_scheduler.airflow_plugin.registry import Registry
from dbt_scheduler.explain.chain import Explainer
from dbt_scheduler.explain.dags import KnownDag
from dbt_scheduler.explain.published import PublishedDags
from dbt_scheduler.explain.runs import NoRunError, RunFinder
from dbt_scheduler.explain.steps import Step
from dbt_scheduler.explain.waiting import Waiting, Waits
from dbt_scheduler.findings.finding import UsageError
from dbt_scheduler.findings.printable import shown_url
from dbt_scheduler.registry.entry import AssetKey, Entry
from dbt_scheduler.site.building import slo_met
from dbt_scheduler.site.catalogue import Catalogue
from dbt_scheduler.site.dags import RegisteredDag
from dbt_scheduler.site.documents import Edges, History, Index, Landings, Now, SloMet, Team
from dbt_scheduler.site.edges import make_edges
from dbt_scheduler.site.fetching import fetch_runs
from dbt_scheduler.site.history import make_history
from dbt_scheduler.site.index import About, make_index
from dbt_scheduler.site.open_waits import fetch_open_waits
from dbt_scheduler.site.teams import make_team

_BUDGET_SECONDS = 20.0
_HISTORY = timedelta(days=3)
_LANDINGS = timedelta(days=30)
_CHANGED = "the registry may have changed: reload the page"


class Viewer(msgspec.Struct, frozen=True):
    """A user of Airflow: the DAGs that they are allowed to read, and a token in their name."""

    dag_ids: frozenset[str]
    token: str


class Live:
    """Handles one request of a user, with the user's own permissions in Airflow.

    Raises UsageError for what does not exist or is not visible to the user, and AirflowApiError.
    """

    def __init__(
        self, viewer: Viewer, registry: Registry, base_url: str, transport: httpx.BaseTransport
    ) -> None:
        self._viewer = viewer
        self._registry = registry
        self._base_url = base_url
        self._transport = transport

    def index(self) -> Index:
        """The data that every page starts with."""
        contents = self._registry.contents
        about = About(
            generated_at=self._registry.read_at,
            folder=self._catalogue.counting,
            registry=shown_url(self._registry.url),
            problems=(*self._problems(), *(each.message for each in contents.findings)),
            airflow_url=self._base_url,
            documents=("history",),
        )
        return make_index(self._catalogue, about)

    def edges(self, counting: str | None) -> Edges:
        """The lineage of all visible teams, by positions in an index."""
        return make_edges(self._counted(counting))

    def team(self, place: int, counting: str | None) -> Team:
        """The team at a position in an index."""
        teams = self._counted(counting).teams
        if not 0 <= place < len(teams):
            raise UsageError(f"team {place} not found", _CHANGED)
        return make_team(self._catalogue, teams[place])

    def why(self, dag_id: str, task_id: str | None, run: str | None) -> Step:
        """Explain why a task did or did not run; without a task, why the run has not finished."""
        with self._api() as api:
            dags = self._dags(api)
            known = self._known(dags, dag_id)
            explainer = Explainer(dags, api, datetime.now(UTC))
            if task_id is None:
                return explainer.explain_run(known, run)
            return explainer.explain(known, task_id, run)

    def waiting(self, dag_id: str, task_id: str | None, run: str | None) -> Waiting:
        """The waits for a task of a run, and the task's own waits; without a task, those of the whole run."""
        with self._api() as api:
            known = self._known(self._dags(api), dag_id)
            try:
                found = RunFinder(api, datetime.now(UTC)).requested(known, run)
            except NoRunError as error:
                raise UsageError(f"{dag_id} {error}", "") from None
            return Waits(self._entries, api).around(known, task_id, found)

    def _counted(self, counting: str | None) -> Catalogue:
        """The catalogue; UsageError if ``counting`` refers to another one, of an earlier time or another process."""
        if counting not in (None, self._catalogue.counting):
            raise UsageError("the registry has changed since the page was loaded", "reload the page")
        return self._catalogue

    @property
    def _catalogue(self) -> Catalogue:
        return self._registry.readable(self._viewer.dag_ids)

    @property
    def _entries(self) -> Mapping[str, Entry]:
        return self._catalogue.directory.entries

    def _problems(self) -> tuple[str, ...]:
        if self._registry.problem:
            return (self._registry.problem,)
        if self._registry.contents.entries:
            return ()
        where = shown_url(self._registry.url)
        return (f"The registry {where} contains no entries that Airflow's API server can read.",)

    def _dags(self, api: AirflowApi) -> PublishedDags:
        return PublishedDags(self._entries, self._registry.contents.entries, api)

    def history(self) -> History:
        """The recent runs of the visible DAGs, and their open waits."""
        return self._history(self._catalogue.dags, _HISTORY)

    def now(self) -> Now:
        """The open waits of the visible DAGs."""
        now = datetime.now(UTC)
        with self._api() as api:
            found = fetch_open_waits(api, self._catalogue.dags)
        waits = make_history(found.dags, now, now).waits
        return Now(now, tuple(wait for wait in waits if wait.end is None), found.missing)

    def landings(self, places: Sequence[int], counting: str | None) -> Landings:
        """When the assets at these positions landed in the last 30 days."""
        found = self._landings(self._assets(places, counting))
        return Landings(found.landings, found.missing)

    def slo(self, places: Sequence[int], counting: str | None) -> SloMet:
        """How often the assets at these positions met their SLO in the last 30 days; None for those without a result."""
        keys = self._assets(places, counting)
        met = slo_met(self._landings(keys, promised=True).landings)
        return SloMet([met.get(key) for key in keys])

    def _landings(self, keys: Sequence[AssetKey], *, promised: bool = False) -> History:
        """The landings of these assets from their DAGs; ``promised``: only those with an SLO."""
        wanted = frozenset(keys)
        dags = []
        for dag in self._catalogue.dags:
            assets = {
                asset: producer
                for asset, producer in dag.assets.items()
                if AssetKey(dag.team, asset) in wanted and not (promised and producer.slo_seconds is None)
            }
            if assets:
                dags.append(msgspec.structs.replace(dag, assets=assets, waits=()))
        return self._history(dags, _LANDINGS)

    def _history(self, dags: Sequence[RegisteredDag], back: timedelta) -> History:
        now = datetime.now(UTC)
        since = now - back
        with self._api() as api:
            found = fetch_runs(api, dags, since, now)
        return make_history(found.dags, since, now, found.missing)

    def _assets(self, places: Sequence[int], counting: str | None) -> list[AssetKey]:
        assets = self._counted(counting).assets
        if not all(0 <= place < len(assets) for place in places):
            raise UsageError("asset not found", _CHANGED)
        return [assets[place] for place in places]

    def _known(self, dags: PublishedDags, dag_id: str) -> KnownDag:
        known = None
        if dag_id in self._viewer.dag_ids:
            known = dags.find(dag_id)
        if known is None:
            raise UsageError(
                f'DAG "{dag_id}" not found in the registry, or you do not have permission to view it',
                "if its team has not published it, run `dbt-scheduler publish`",
            )
        return known

    def _api(self) -> AirflowApi:
        return AirflowApi(
            self._base_url,
            password=self._viewer.token,
            token_source="bearer",  # noqa: S106 - the kind of token
            budget_seconds=_BUDGET_SECONDS,
            transport=self._transport,
        )
