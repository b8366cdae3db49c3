"""`make chaos`: real processes under seeded faults, a ledger of what was promised, a verdict."""
