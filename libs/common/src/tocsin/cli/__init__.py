"""The operator's command line: `tocsin`."""
