"""The embedded model: a small causal LM that the project makes itself and ships.

`recipe.yaml` says how, `python -m harness.embedded.train` does it, `model/` is what came out.
"""
