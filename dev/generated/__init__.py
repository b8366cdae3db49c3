"""What is generated from code: the events, the schemas, the HTTP interfaces."""
