"""`python -m incident_intake`: read settings, build, run until told to stop."""

from incident_intake import bootstrap
from tocsin import lifecycle

if __name__ == "__main__":
    lifecycle.main(bootstrap.SERVICE)
