"""The published language and the recipe that every Tocsin service is built on."""
