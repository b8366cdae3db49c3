from tocsin.migrate import run_env
from tocsin.tables import RECIPE

run_env(RECIPE)
