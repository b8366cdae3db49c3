"""`python -m incident_intake`: read settings, build, run until told to stop."""

from tocsin.launching import launch

if __name__ == "__main__":
    launch("incident_intake")
