"""`python -m escalation`: read the settings, build the service, run it until told to stop."""

from escalation import bootstrap
from tocsin import lifecycle

if __name__ == "__main__":
    lifecycle.main(bootstrap.SERVICE)
