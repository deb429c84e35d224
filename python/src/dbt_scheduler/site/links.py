"""URLs of the pages of a hosted site."""

from urllib.parse import quote


def asset_page(site_url: str, team: str, asset: str) -> str:
    """The URL of an asset's page; ``site_url`` may end in ``index.html``."""
    return _page(site_url, "assets", team, asset)


def why_page(site_url: str, dag_id: str, task_id: str, run_id: str) -> str:
    """The URL of the page that explains a task of a run."""
    return f"{_page(site_url, 'why', dag_id, task_id)}?run={quote(run_id, safe='')}"


def _page(site_url: str, *path: str) -> str:
    base = site_url if site_url.endswith((".html", "/")) else f"{site_url}/"
    return f"{base}#/{'/'.join(quote(part, safe='') for part in path)}"
