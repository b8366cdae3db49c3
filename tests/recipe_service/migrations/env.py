from tocsin.revisions import run_env
from tocsin.tables import RECIPE

run_env(RECIPE)
