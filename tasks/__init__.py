"""What is right: suites, tool specs and the checker."""
