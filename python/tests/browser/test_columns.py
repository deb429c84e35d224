"""The columns on an asset's page and their readers, in a site of the example teams' registry."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chromium import Open
from command import run
from goldens import INTEGRATION
from site_documents import Asset, Registry, Team, write_site
from site_registries import HOSTILE

REGISTRY = INTEGRATION / "expected" / "registry"


def site_of(registry: Path, out: Path) -> Path:
    run(
        "registry",
        "site",
        "--registry",
        str(registry),
        "--out",
        str(out),
        "--airflow-url",
        "https://airflow.example.org",
        code=0,
    )
    return out


def columns(page: Page) -> dict[str, str]:
    """The text in the last cell of each column's row."""
    rows = page.get_by_role("table", name="Columns", exact=True).locator("tbody tr")
    expect(rows.first).to_be_visible()
    return {
        row.locator("td").first.inner_text(): " ".join(row.locator("td").last.inner_text().split())
        for row in rows.all()
    }


def test_each_column_has_the_tasks_of_other_teams_that_read_it(open_page: Open, tmp_path: Path) -> None:
    page = open_page(site_of(REGISTRY, tmp_path / "site"), "/assets/shipping/fct_shipments")
    read = columns(page)
    assert read["days"] == "playground playground_daily \u203a marts.my_new_model"
    assert read["order_id"] == "transactions transactions_daily \u203a marts.mrt_daily_exposed"
    reader = page.get_by_role("row").filter(has=page.get_by_text("days", exact=True)).get_by_role("listitem")
    expect(reader.get_by_role("link", name="playground", exact=True)).to_have_attribute(
        "href", "#/teams/playground"
    )
    task = reader.get_by_role("link", name="my_new_model")
    expect(task).to_have_attribute(
        "href", "https://airflow.example.org/dags/playground_daily/tasks/marts.my_new_model"
    )
    expect(page.get_by_text("Every column is read by")).to_have_count(0)
    expect(page.get_by_text("Unknown columns")).to_have_count(0)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The registry in which one team reads every column, and another team's columns are unknown."""
    registry = tmp_path / "registry"
    shutil.copytree(REGISTRY, registry)

    def change(team: str, columns: str | None) -> None:
        path = registry / f"{team}.json"
        document: dict[str, Any] = json.loads(path.read_text())
        for reader in document[team]["consumed"]["shipping"]["fct_shipments"]:
            del reader["columns"]
            reader.update({"columns": columns} if columns else {})
        path.write_text(json.dumps(document))

    change("playground", "*")
    change("transactions", None)
    return registry


def test_readers_of_every_column_and_of_unknown_columns_are_listed_once(
    open_page: Open, changed: Path, tmp_path: Path
) -> None:
    page = open_page(site_of(changed, tmp_path / "site"), "/assets/shipping/fct_shipments")
    assert set(columns(page).values()) == {"\u2013"}
    readers = page.locator(".column-readers")
    expect(readers).to_have_count(2)
    expect(readers.first).to_contain_text("Every column is read by:")
    expect(readers.first).to_contain_text("my_new_model")
    expect(readers.last).to_contain_text("Possibly read by (columns unknown):")
    expect(readers.last).to_contain_text("mrt_daily_exposed")


def test_names_are_text_and_many_readers_are_folded(open_page: Open, tmp_path: Path) -> None:
    teams = [Team(name="catalog"), *(Team(name=f"{HOSTILE}{n}") for n in range(7))]
    read = {("catalog", "products"): [HOSTILE.upper()]}
    products = Asset(
        team="catalog", name="products", columns=((HOSTILE, "integer", ""), ("id", "integer", ""))
    )
    readers = [
        Asset(team=team.name, name="mart", reads={products.key: "hard"}, columns_read=read)
        for team in teams[1:]
    ]
    site = write_site(tmp_path, Registry(teams, [products, *readers]).documents())
    page = open_page(site, "/assets/catalog/products")
    cell = page.get_by_role("table", name="Columns", exact=True).locator("tbody tr").first.locator("td").last
    expect(cell.get_by_role("listitem")).to_have_count(5)
    expect(cell.get_by_text(HOSTILE).first).to_be_visible()
    cell.get_by_text("2 more").click()
    expect(cell.get_by_role("listitem")).to_have_count(7)
    expect(page.locator("img")).to_have_count(0)
