"""The channel `slack`: a message with buttons, kept up to date, and what people answer to it."""
