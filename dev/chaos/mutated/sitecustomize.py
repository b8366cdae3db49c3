"""Python runs this at its start when the folder is on PYTHONPATH: a service becomes a mutant."""

import os
import sys

_SERVICES = {"incident_intake", "escalation", "notifier", "postmortem"}

if os.environ.get("TOCSIN_MUTANT") and _SERVICES & set(sys.orig_argv):
    from dev.chaos import mutants

    mutants.apply(os.environ["TOCSIN_MUTANT"])
