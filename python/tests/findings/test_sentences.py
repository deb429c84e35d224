"""Messages and hints as sentences of one text."""

import pytest

from dbt_scheduler.findings.sentences import sentences


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (('asset "a" not found', "reload the page"), 'Asset "a" not found. Reload the page.'),
        (("Already a sentence.", "Really?"), "Already a sentence. Really?"),
        (("shop_daily has no runs", "`dbt-scheduler run`"), "shop_daily has no runs. `dbt-scheduler run`."),
        (("team/daily.json is damaged", ""), "team/daily.json is damaged."),
        (("", ""), ""),
    ],
)
def test_message_and_hint_are_joined_as_sentences(texts, expected):
    assert sentences(*texts) == expected
