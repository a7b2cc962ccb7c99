"""`goodhart-bench lm-eval-path`: where lm-eval finds our suites."""

from __future__ import annotations


def lm_eval_path() -> None:
    """Print the folder for lm-eval's --include_path; its tasks are goodhart_recon and
    goodhart_seed20."""
    from harness.lm_eval_tasks import FOLDER

    print(FOLDER)
