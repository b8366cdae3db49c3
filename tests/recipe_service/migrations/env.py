from tocsin.migrate import run_env
from tocsin.sql import RECIPE

run_env(RECIPE)
