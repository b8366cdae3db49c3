"""Alembic's entry point."""

from postmortem.adapters.sql import METADATA
from tocsin.migrate import run_env

run_env(METADATA)
