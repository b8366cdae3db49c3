"""Alembic's entry point."""

from escalation.adapters.sql import METADATA
from tocsin.revisions import run_env

run_env(METADATA)
