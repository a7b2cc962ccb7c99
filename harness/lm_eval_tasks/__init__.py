"""What `lm_eval --include_path` is given: one YAML file a suite, and the class behind them."""

from pathlib import Path

FOLDER = Path(__file__).parent
