"""SCH331, SCH332: the owner of a team's name, in ``check`` and in ``publish``, and findings that a team cannot ignore."""

import shutil
from pathlib import Path

import msgspec
import pytest

from build import PLATFORM, World, node
from command import run
from dbt_scheduler.registry.publishers import ci_repository

ENTRY = "out/registry/shop.json"
ASK = (
    "  hint: ask the platform team to add this project and repository under `teams` in platform.yaml, or set a different `team` in scheduler.yaml"
    "\n"
)
NOTHING = "1 error\nnothing was published\n"
GITHUB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "Acme/shop"}
GITLAB = {"CI_SERVER_HOST": "gitlab.acme.com", "CI_PROJECT_PATH": "acme/data/shop"}


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("DBT_SCHEDULER_PLATFORM", *GITHUB, *GITLAB):
        monkeypatch.delenv(name, raising=False)


def world(teams: str) -> World:
    made = World(Path(), f"{PLATFORM}registry: {{url: file:registry}}\nteams: {teams}\n")
    made.team("shop", node("a", pipelines=["daily"]))
    return made


def compiled() -> None:
    """Compile before the platform lists any teams, so that only publish checks them."""
    world("null")
    run("compile", "shop", "--out", "out")


def publish(code: int, env: dict[str, str] | None = None) -> str:
    return run("publish", "out", code=code, env=env).stderr.replace(f"{Path().resolve()}/", "")


def test_a_project_that_calls_itself_like_a_listed_team_does_not_replace_it():
    compiled()
    publish(0)
    before = Path("registry/shop.json").read_bytes()
    shutil.rmtree("out")
    made = world("{shop: {project: sales, repository: github.com/acme/sales}}")
    found = 'SCH331 this project is not allowed to publish team "shop": platform.yaml assigns it to '
    assert made.findings() == [
        f'shop/scheduler.yaml:2: {found}the dbt project "sales", but this project is "shop" | {ASK[8:-1]}'
    ]
    world("null").team("shop", node("mine", pipelines=["daily"]))
    run("compile", "shop", "--out", "out")
    world("{shop: {project: sales, repository: github.com/acme/sales}}")
    assert publish(1, GITHUB) == (
        f'{ENTRY}: {found}the dbt project "sales", but this project is "shop"\n{ASK}'
        f"{ENTRY}: {found}the repository github.com/acme/sales, but this repository is github.com/Acme/shop\n{ASK}"
        "2 errors\nnothing was published\n"
    )
    assert Path("registry/shop.json").read_bytes() == before


def test_a_team_that_is_not_listed_is_refused():
    compiled()
    made = world("{sales: {}}")
    found = (
        'SCH331 this project is not allowed to publish team "shop": the team is not listed in platform.yaml'
    )
    assert made.findings() == [f"shop/scheduler.yaml:2: {found} | {ASK[8:-1]}"]
    assert publish(1) == f"{ENTRY}: {found}\n{ASK}{NOTHING}"
    assert not Path("registry").exists()


@pytest.mark.parametrize(
    ("listed", "environment"),
    [
        ("{}", {}),
        ("{project: shop}", {}),
        ("{project: shop, repository: github.com/acme/shop}", GITHUB),
        ("{repository: gitlab.acme.com/acme/data/shop}", GITLAB),
    ],
)
def test_a_listed_team_is_published_by_what_is_listed(listed, environment):
    compiled()
    assert world(f"{{shop: {listed}}}").findings() == []
    assert "shop: published to registry/shop.json\n" in publish(0, environment)


@pytest.mark.parametrize(
    ("environment", "here"),
    [
        ({}, "this is not a CI job"),
        (GITLAB, "this repository is gitlab.acme.com/acme/data/shop"),
        (
            GITHUB | {"GITHUB_SERVER_URL": "https://github.acme.com"},
            "this repository is github.acme.com/Acme/shop",
        ),
        (GITHUB | {"GITHUB_REPOSITORY": "acme/shop2"}, "this repository is github.com/acme/shop2"),
    ],
)
def test_a_listed_repository_is_required(environment, here):
    compiled()
    world("{shop: {repository: github.com/acme/shop}}")
    assert publish(1, environment) == (
        f'{ENTRY}: SCH331 this project is not allowed to publish team "shop": platform.yaml assigns it to the repository github.com/acme/shop, but '
        f"{here}\n{ASK}{NOTHING}"
    )


def test_the_repository_of_a_ci_job():
    assert ci_repository({}) is None
    assert ci_repository(GITHUB) == "github.com/Acme/shop"
    assert ci_repository(GITLAB) == "gitlab.acme.com/acme/data/shop"


def test_two_team_names_that_differ_only_in_case():
    made = world("null")
    made.team("Shop", node("b", pipelines=["weekly"]))
    words = "differ only in case"
    hint = "set a different `team` in scheduler.yaml"
    assert made.findings("SCH332") == [
        f'Shop/scheduler.yaml:2: SCH332 the names of team "Shop" and team "shop" {words} | {hint}',
        f'shop/scheduler.yaml:2: SCH332 the names of team "shop" and team "Shop" {words} | {hint}',
    ]
    compiled()
    Path("registry").mkdir()
    Path("registry/Shop.json").write_text("{")  # unreadable, but the name is taken
    assert f'{ENTRY}: SCH332 the names of team "shop" and team "Shop" {words}\n  hint: {hint}\n' in publish(1)
    assert [path.name for path in Path("registry").iterdir()] == ["Shop.json"]


def test_a_team_cannot_ignore_what_would_take_anothers_names():
    made = world("{sales: {}}")
    codes = ("SCH310", "SCH318", "SCH331", "SCH332")
    ignored = "".join(f"  - {{code: {code}, because: mine now}}\n" for code in codes)
    made.team("shop", node("a", pipelines=["daily"]), text=f"dag_prefix: dags\nignore:\n{ignored}")
    entry = made.look().entry
    made.registry = {
        "shop": msgspec.structs.replace(entry, project_name="sales"),
        "Shop": entry,
    }
    found = [line.partition(": ")[2][:6] for line in made.findings()]
    assert sorted(set(found)) == ["SCH213", *codes]
