"""Alerts through Slack's API: to any channel, with people and user groups mentioned by name."""

import logging
import random
import re
import time
from collections.abc import Iterator
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from dbt_scheduler.airflow.alerts.messages import Message
from dbt_scheduler.airflow.alerts.slack_markup import escape, known_mention, markup
from dbt_scheduler.airflow.alerts.transports import NotSentError, TransportType

if TYPE_CHECKING:
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

_log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 4
_LOOKUP_SECONDS = 5
_POST_SECONDS = 6
_PAGE = 500
_RATE_LIMITED = 429
_CODE = re.compile(r"[a-z0-9_]+")

_HINTS = {
    "invalid_auth": "Set the password of the Airflow connection {connection} to a valid bot token.",
    "not_authed": "Set the password of the Airflow connection {connection} to a bot token.",
    "account_inactive": "The token in the Airflow connection {connection} belongs to a deleted app or user.",
    "token_revoked": "The token in the Airflow connection {connection} was revoked: create a new one.",
    "missing_scope": "Add the scope chat:write to the Slack app and reinstall it.",
    "channel_not_found": "Check alerting.channel in scheduler.yaml: {channel}. Invite the app if the channel is private.",
    "not_in_channel": "Invite the Slack app to {channel}, or add the scope chat:write.public to it.",
    "is_archived": "{channel} is archived: set another alerting.channel in scheduler.yaml.",
}


class SlackTransport:
    """Posts to one channel."""

    def __init__(self, client: "WebClient", connection: str, channel: str) -> None:
        self._client = client
        self._connection = connection
        self._channel = channel
        self._until = 0.0

    def send(self, message: Message) -> None:
        """Post the message. Raises NotSentError if Slack rejects it. Names that are not found stay plain text."""
        self._until = time.monotonic() + _LOOKUP_SECONDS
        mentions = self._mentions([tag for tag in message.tags if not known_mention(tag)])
        text = markup(message, lambda tag: mentions.get(tag) or escape(tag))
        problem = self._post(text)
        if problem:
            raise NotSentError(problem)

    def _post(self, text: str) -> str:
        """Post it, again after each short pause that Slack asks for; returns the problem, or an empty text."""
        from slack_sdk.errors import SlackApiError, SlackClientError  # noqa: PLC0415 - only alerts need the library

        until = time.monotonic() + _POST_SECONDS
        while True:
            try:
                self._client.chat_postMessage(channel=self._channel, text=text, unfurl_links=False)
            except SlackApiError as error:
                pause = _pause(error)
                if pause is None:
                    return self._refusal(_code(error))
                pause += random.random()  # noqa: S311 - so that tasks that failed together do not retry together
                if time.monotonic() + pause > until:
                    return "The Slack rate limit was exceeded: too many alerts at once."
                time.sleep(pause)
            except (SlackClientError, OSError, HTTPException, ValueError) as error:
                return f"Slack did not respond ({type(error).__name__}). Check that the worker can reach it."
            else:
                return ""

    def _refusal(self, code: str) -> str:
        hint = _HINTS.get(code, "").format(connection=self._connection, channel=self._channel)
        return f"Slack returned {code}. {hint}".rstrip()

    def _mentions(self, tags: list[str]) -> dict[str, str]:
        """The mentions of the tags that Slack knows, as far as the app's scopes and the time limit allow."""
        found = {tag: self._by_email(tag) for tag in tags if "@" in tag[1:]}
        names = {tag.removeprefix("@").lower(): tag for tag in tags if tag not in found}
        for source in (self._groups, self._people):
            if names and time.monotonic() < self._until:
                for name, mention in source():
                    if name in names:
                        found[names.pop(name)] = mention
                    if not names:
                        break
        if names:
            _log.warning("Slack user %s not found: not mentioned.", ", ".join(names.values()))
        return found

    def _by_email(self, address: str) -> str:
        if time.monotonic() > self._until:
            return ""
        answer = self._ask("users_lookupByEmail", "users:read.email", email=address.removeprefix("@"))
        return f"<@{answer['user']['id']}>" if answer else ""

    def _groups(self) -> Iterator[tuple[str, str]]:
        answer = self._ask("usergroups_list", "usergroups:read")
        for group in answer["usergroups"] if answer else ():
            yield group["handle"].lower(), f"<!subteam^{group['id']}>"

    def _people(self) -> Iterator[tuple[str, str]]:
        cursor: str | None = None
        while cursor != "" and time.monotonic() < self._until:
            answer = self._ask("users_list", "users:read", limit=_PAGE, cursor=cursor)
            if not answer:
                return
            for user in answer["members"]:
                if not user.get("deleted"):
                    profile = user.get("profile", {})
                    for name in (user.get("name"), profile.get("display_name"), profile.get("real_name")):
                        yield (name or "").lower(), f"<@{user['id']}>"
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""

    def _ask(self, method: str, scope: str, **arguments: object) -> Any:  # noqa: ANN401 - Slack's JSON
        """Slack's response; None after an error, which only costs a mention."""
        from slack_sdk.errors import SlackApiError  # noqa: PLC0415

        try:
            return getattr(self._client, method)(**arguments)
        except SlackApiError as error:
            _log.warning(
                "Slack users could not be looked up: %s. Check that the app has the scope %s.",
                _code(error),
                scope,
            )
        except Exception as error:  # noqa: BLE001 - a mention is optional
            _log.warning("Slack users could not be looked up: %s.", type(error).__name__)
        return None


def _open(connection: str, channel: str | None) -> SlackTransport:
    """The transport to a team's channel, with a connection of type ``slack`` that has the bot token as its password."""
    from dbt_scheduler.airflow.compat import AirflowException  # noqa: PLC0415 - slow to import, only for alerts

    if not channel:
        raise NotSentError("the team has no channel. Set alerting.channel in scheduler.yaml.")
    from airflow.providers.slack.hooks.slack import SlackHook  # noqa: PLC0415

    try:
        # No retry handlers: retries happen in _post, within the time limit.
        hook = SlackHook(slack_conn_id=connection, timeout=_TIMEOUT_SECONDS, retry_handlers=[])
        return SlackTransport(hook.client, connection, channel)
    except (AirflowException, ValueError) as error:
        raise NotSentError(
            f"the Airflow connection {connection} does not exist or has no token in its password field "
            f"({type(error).__name__}). See docs/alerts.md."
        ) from None


PLUGIN = TransportType(
    description="each team's channel, through the Slack API",
    needs="a Slack app with a bot token",
    open=_open,
    requirement="apache-airflow-providers-slack",
    extra="slack",
)


def _code(error: "SlackApiError") -> str:
    """Slack's error code, or the HTTP status of a response that is not from its API."""
    data = error.response.data
    code = str(data.get("error")) if isinstance(data, dict) else ""
    return code if _CODE.fullmatch(code) else f"HTTP {error.response.status_code}"


def _pause(error: "SlackApiError") -> float | None:
    """The pause that Slack asks for with a rate limit, in seconds; None for other responses."""
    if error.response.status_code != _RATE_LIMITED:
        return None
    return float(error.response.headers.get("Retry-After", 1))
