"""Where a page of a site that is hosted somewhere is."""

from urllib.parse import quote


def asset_page(site_url: str, team: str, asset: str) -> str:
    """The page of an asset; ``site_url`` is where people open the site, with or without ``index.html``."""
    return _page(site_url, "assets", team, asset)


def why_page(site_url: str, dag_id: str, task_id: str, run_id: str) -> str:
    """The page that explains a task of a run."""
    return f"{_page(site_url, 'why', dag_id, task_id)}?run={quote(run_id, safe='')}"


def _page(site_url: str, *path: str) -> str:
    base = site_url if site_url.endswith((".html", "/")) else f"{site_url}/"
    return f"{base}#/{'/'.join(quote(part, safe='') for part in path)}"
