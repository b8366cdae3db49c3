from incident_intake.adapters.sql import METADATA
from tocsin.migrate import run_env

run_env(METADATA)
