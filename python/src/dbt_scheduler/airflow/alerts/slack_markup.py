"""Slack's markup: escaped text, links and mentions."""

import re
from collections.abc import Callable

from dbt_scheduler.airflow.alerts.messages import Link, Message

_SPECIAL = re.compile(r"!(subteam\^[A-Z0-9]+|here|channel|everyone)")
_USER_ID = re.compile(r"@?([UW][A-Z0-9]{7,})")


def escape(text: str) -> str:
    """Escape text, so that Slack shows it literally (https://docs.slack.dev/messaging/formatting-message-text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markup(message: Message, mention: Callable[[str], str]) -> str:
    """The message in Slack's markup; ``mention`` renders the tags that ``known_mention`` does not know."""
    lines = [_line(line) for line in message.lines]
    tags = [known_mention(tag) or mention(tag) for tag in message.tags]
    return "\n".join([*lines, ", ".join(tags)] if tags else lines)


def known_mention(tag: str) -> str:
    """The mention for a tag that needs no lookup, such as ``!subteam^S05VAFP4A6N`` or a user ID; else empty."""
    if _SPECIAL.fullmatch(tag):
        return f"<{tag}>"
    if user := _USER_ID.fullmatch(tag):
        return f"<@{user[1]}>"
    return ""


def _line(line: str | Link) -> str:
    if isinstance(line, str):
        return escape(line)
    if not line.url.startswith(("http://", "https://")):
        return escape(line.text)
    url = escape(line.url).replace("|", "%7C")
    return f"<{url}|{escape(line.text).replace('|', '¦')}>"
