"""The dev system: a real Kafka, PostgreSQL, the services and a mail catcher on one bare machine."""
