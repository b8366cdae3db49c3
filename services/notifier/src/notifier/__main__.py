"""`python -m notifier`: read settings, build, run until told to stop."""

from tocsin.launching import launch

if __name__ == "__main__":
    launch("notifier")
