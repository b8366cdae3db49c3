"""One method per message: load, decide, save, publish. A module per conversation."""
