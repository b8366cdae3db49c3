"""`python -m notifier`: read settings, build, run until told to stop."""

from notifier import bootstrap
from tocsin import lifecycle

if __name__ == "__main__":
    lifecycle.main(bootstrap.SERVICE)
