"""What a team writes into ``scheduler.yaml`` when a breaking change is meant, ready to be copied."""

import json

from dbt_scheduler.printable import one_line
from dbt_scheduler.report.build import Report


def how_to_acknowledge(report: Report, most: int) -> str:
    """The entries for the changes that are not acknowledged yet, as Markdown."""
    entries = [
        f'  - asset: {_quoted(asset.asset)}\n    change: {_quoted(change.text)}\n    reason: ""'
        for asset in report.assets
        for change in asset.changes
        if change.acknowledged is None
    ]
    lines = ["```yaml", "acknowledged_changes:", *entries[:most], "```"]
    return (
        "Agree on it with the consumers, then say so in `scheduler.yaml`, with a reason for them to read:\n\n"
        + "\n".join(lines)
    )


def _quoted(text: str) -> str:
    """In the double quotes of YAML; a backtick could end the block of code that it stands in."""
    return one_line(json.dumps(text, ensure_ascii=False)).replace("`", "\\u0060")
