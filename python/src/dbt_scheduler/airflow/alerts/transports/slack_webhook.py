"""Alerts through a Slack incoming webhook: one channel, and people are not looked up, but simpler than Slack's API."""

from http.client import HTTPException
from typing import TYPE_CHECKING

from dbt_scheduler.airflow.alerts.messages import Message
from dbt_scheduler.airflow.alerts.slack_markup import escape, markup
from dbt_scheduler.airflow.alerts.transports import NotSentError, TransportType

if TYPE_CHECKING:
    from slack_sdk import WebhookClient

_TIMEOUT_SECONDS = 10
_OK = 200


class SlackWebhookTransport:
    """Posts to the channel that the webhook belongs to."""

    def __init__(self, client: "WebhookClient", connection: str) -> None:
        self._client = client
        self._connection = connection

    def send(self, message: Message) -> None:
        """Post the message. Raises NotSentError if Slack rejects it."""
        try:
            answer = self._client.send(text=markup(message, escape), unfurl_links=False)
        except (OSError, HTTPException, ValueError) as error:
            raise NotSentError(
                f"The Slack webhook did not respond ({type(error).__name__}). Check the host in the "
                f"Airflow connection {self._connection}."
            ) from None
        if answer.status_code != _OK:
            raise NotSentError(
                f"The Slack webhook returned {answer.status_code} {answer.body[:100]!r}. Check the "
                f"webhook in the Airflow connection {self._connection}."
            )


def _open(connection: str, channel: str | None) -> SlackWebhookTransport:
    """The transport of a connection of type ``slackwebhook``; its password may be the whole URL."""
    from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook  # noqa: PLC0415

    from dbt_scheduler.airflow.compat import AirflowException  # noqa: PLC0415 - slow to import, only for alerts

    try:
        hook = SlackWebhookHook(slack_webhook_conn_id=connection, timeout=_TIMEOUT_SECONDS)
        return SlackWebhookTransport(hook.client, connection)
    except (AirflowException, ValueError) as error:
        raise NotSentError(
            f"the Airflow connection {connection} does not exist or has no webhook in its password field "
            f"({type(error).__name__}). See docs/alerts.md."
        ) from None


PLUGIN = TransportType(
    description="the channel of a Slack webhook, the same for all teams",
    needs="a webhook's URL",
    open=_open,
    requirement="apache-airflow-providers-slack",
    extra="slack",
)
