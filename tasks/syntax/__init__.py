"""Value syntaxes that are too long for a line of tasks/values.py, one module each."""
