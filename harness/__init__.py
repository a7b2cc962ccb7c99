"""The referee: policies, evaluation, competition, statistics and the command line."""
