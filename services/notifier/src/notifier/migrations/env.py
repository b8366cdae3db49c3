"""Alembic's entry: the revisions of this service's tables."""

from notifier.adapters.sql import METADATA
from tocsin.revisions import run_env

run_env(METADATA)
