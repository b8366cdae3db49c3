"""Notifier's settings: each field is the variable `NOTIFIER_<FIELD>`."""

from typing import Literal

from pydantic import Field, Json

from tocsin.settings import Csv, Networks, ServiceSettings


class NotifierSettings(ServiceSettings):
    """The common settings, and notifier's own."""

    http: str = Field(default="127.0.0.1:8030", pattern=r"^[^:\s]+:[0-9]{1,5}$")
    database: str = Field(default="sqlite:///var/notifier.db", pattern=r"^(sqlite|postgresql)://")
    channels: Csv = ("webhook", "email")
    """Channels that may be loaded, by name; `webhook,email,slack` for Slack as well."""
    channel_options: Json[dict[str, dict[str, str]]] = Field(default={}, validate_default=False)
    """JSON: options of channels of others, `{"sms": {"token": "…"}}`."""
    egress_allow: Networks = ()
    """Networks inside that webhooks may reach, such as `127.0.0.0/8`."""
    webhook_secret: str = ""
    """`whsec_…`, signs every webhook; empty: each address has its own, derived from the secret."""
    smtp: str = Field(default="", pattern=r"^(\S+:[0-9]{1,5})?$")
    """The mail server: `host:port`."""
    smtp_username: str = ""
    """Login of the mail server."""
    smtp_password: str = ""
    """Its password."""
    smtp_starttls: Literal["auto", "always", "never"] = "auto"
    """`auto`, `always` (refuses a server without) or `never`."""
    smtp_tls: bool = False
    """TLS from the start."""
    slack_bot_token: str = Field(default="", pattern=r"^(xoxb-\S+)?$")
    """`xoxb-…` of your Slack app."""
    slack_signing_secret: Csv = ()
    """The app's signing secret, by which presses are known; two while one replaces the other."""
    slack_app_token: str = Field(default="", pattern=r"^(xapp-\S+)?$")
    """`xapp-…`, for Socket Mode: presses are heard without an address that Slack can reach."""
    slack_team: str = Field(default="", pattern=r"^([TE][A-Z0-9]+)?$")
    """`T…`, the workspace whose presses are heard."""
    slack_app: str = Field(default="", pattern=r"^(A[A-Z0-9]+)?$")
    """`A…`, the app whose presses are heard."""
    slack_api: str = Field(default="https://slack.com/api/", pattern=r"^https?://\S+/$")
    """Where Slack's API is."""
    mail_from: str = Field(
        default="Tocsin <tocsin@localhost.localdomain>", pattern=r"^[^\r\n]+@[^\r\n]+$"
    )
    """The sender; its domain is in every Message-ID."""

    def options(self) -> dict[str, dict[str, str]]:
        """Return each channel's options; those given explicitly win."""
        own = {
            "webhook": {"secret": self.webhook_secret},
            "email": {
                "smtp": self.smtp,
                "from": self.mail_from,
                "username": self.smtp_username,
                "password": self.smtp_password,
                "starttls": self.smtp_starttls,
                "tls": "true" if self.smtp_tls else "false",
            },
            "slack": {
                "bot_token": self.slack_bot_token,
                "signing_secret": ",".join(self.slack_signing_secret),
                "app_token": self.slack_app_token,
                "team": self.slack_team,
                "app": self.slack_app,
                "api": self.slack_api,
            },
        }
        return own | {
            name: own.get(name, {}) | given for name, given in self.channel_options.items()
        }
