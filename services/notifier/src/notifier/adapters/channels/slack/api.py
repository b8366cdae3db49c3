"""Slack's Web API: one call, and what each answer means."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

import orjson

from notifier.adapters.channels.webhook import TOO_MANY, retry_after
from tocsin.channels import (
    Config,
    Content,
    DeniedError,
    Http,
    HttpAnswer,
    NoAnswerError,
    NotSentError,
    RateLimited,
    SendResult,
    TargetGone,
    Transient,
    Unknown,
)

API = "https://slack.com/api/"
LARGEST = 4 * 1024 * 1024  # A page of a conversation; the answer to a message repeats its blocks.
UNEDITABLE = frozenset({"cant_update_message", "edit_window_closed", "update_failed"})
_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_CONFIG = frozenset(
    {
        "access_denied",
        "account_inactive",
        "deprecated_endpoint",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "method_deprecated",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
_GONE = frozenset(
    {
        "cannot_dm_bot",
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "message_not_found",
        "not_in_channel",
        "restricted_action",
        "restricted_action_read_only_channel",
        "thread_not_found",
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "users_not_found",
    }
)
_CONTENT = frozenset(
    {
        "invalid_arguments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_metadata_format",
        "metadata_too_large",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
    }
)
_HINTS = {"not_in_channel": ": invite the app to it", "missing_scope": ": install the app again"}
_UNSURE = frozenset({502, 504})  # A gateway does not know what became of it behind it.
Answered: TypeAlias = dict[str, Any]  # What Slack says; each reader takes only what it needs.


class SlackApi:
    """Calls methods with a token."""

    def __init__(self, http: Http, base: str, token: str) -> None:
        """Call methods below `base`."""
        self._http = http
        self._base = base
        self._token = token

    async def write(
        self, method: str, arguments: Mapping[str, Any], within: timedelta, at: datetime
    ) -> Answered | SendResult:
        """Call a method that takes JSON."""
        body = orjson.dumps(arguments)
        return await self._call(method, "application/json; charset=utf-8", body, within, at)

    async def read(
        self, method: str, arguments: Mapping[str, str], within: timedelta, at: datetime
    ) -> Answered | SendResult:
        """Call a method that takes a form: those that read know no other way."""
        body = urlencode(arguments).encode()
        return await self._call(method, "application/x-www-form-urlencoded", body, within, at)

    async def _call(
        self, method: str, kind: str, body: bytes, within: timedelta, at: datetime
    ) -> Answered | SendResult:
        headers = {"content-type": kind, "authorization": f"Bearer {self._token}"}
        try:
            answer = await self._http.post(
                self._base + method, headers=headers, body=body, within=within, most=LARGEST
            )
        except DeniedError as error:
            return Config(str(error))
        except NotSentError as error:
            return Transient(str(error))
        except NoAnswerError as error:
            return Unknown(str(error))
        return judged(answer, at)


def judged(answer: HttpAnswer, at: datetime) -> Answered | SendResult:
    """Return what Slack says; where it says no, what that means."""
    reason = f"HTTP {answer.status}"
    match answer.status:
        case 200:
            return _said(answer, at)
        case status if status == TOO_MANY:
            return RateLimited(reason, retry_after(answer.headers.get("retry-after", ""), at))
        case status if status in _UNSURE:
            return Unknown(reason)
        case status if status >= 500:  # noqa: PLR2004 - HTTP's own classes.
            return Transient(reason)
        case _:
            return Config(reason)


def _said(answer: HttpAnswer, at: datetime) -> Answered | SendResult:
    try:
        said = orjson.loads(answer.body)
    except ValueError:
        return Unknown("the answer is not JSON")
    if not isinstance(said, dict):
        return Unknown("the answer is not what Slack says")
    if said.get("ok") is True:
        return said
    return refused(str(said.get("error", "")), answer, at)


def refused(error: str, answer: HttpAnswer, at: datetime) -> SendResult:
    """Return what an error of Slack's means."""
    reason = f"Slack says {error[:80]}{_HINTS.get(error, '')}"
    if error in _LIMITED:
        return RateLimited(reason, retry_after(answer.headers.get("retry-after", ""), at))
    if error in _CONFIG:
        return Config(reason)
    if error in _GONE:
        return TargetGone(reason)
    if error in _CONTENT or error in UNEDITABLE:
        return Content(reason)
    # Not taken; one that is not known may pass, and the next method does not wait for it long.
    return Transient(reason)
