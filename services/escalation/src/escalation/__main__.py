"""`python -m escalation`: read the settings, build the service, run it until told to stop."""

from tocsin.launching import launch

if __name__ == "__main__":
    launch("escalation")
