"""Cases of other systems, as data, against our schedules: one small adapter for each model."""
