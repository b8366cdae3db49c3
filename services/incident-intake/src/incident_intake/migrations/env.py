from incident_intake.adapters.sql import METADATA
from tocsin.revisions import run_env

run_env(METADATA)
