"""The command line. Exit codes: 0 fine; 1 the answer is no (a command that is wrong, a suite with
problems, a spec that disagrees with its tool); 2 bad input or something missing on this machine,
told in one line; 3 not enough evidence (gate); 130 interrupted. Commands import what they need when
they run."""

from __future__ import annotations

import sys

import typer

from harness.commands import (
    agreement,
    benchmark,
    check,
    claim,
    compare,
    doctor,
    evaluate,
    export,
    gate,
    lm_eval,
    plan,
    proxy,
    runs,
    sandbox,
    score,
    spec,
    suite,
    trainer,
)

app = typer.Typer(
    help="Did self-improvement training make the model better, or only its metric?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("benchmark")(benchmark.benchmark)
app.command("eval")(evaluate.evaluate)
app.command("evaluate", hidden=True)(evaluate.evaluate)  # its earlier name
app.command("score")(score.score)
app.command("lm-eval-path")(lm_eval.lm_eval_path)
app.command("compare")(compare.compare)
app.command("gate")(gate.gate)
app.command("plan")(plan.plan)
app.command("check")(check.check)
app.command("claim")(claim.claim)
app.command("agreement")(agreement.agreement)
app.command("report")(runs.report)
app.command("runs")(runs.runs)
app.command("export")(export.export)
app.command("doctor")(doctor.doctor)
app.add_typer(suite.app, name="suite")
app.add_typer(trainer.app, name="trainer")
app.add_typer(proxy.app, name="proxy")
app.add_typer(spec.app, name="spec")
app.add_typer(sandbox.app, name="sandbox")


def main() -> None:
    """The entry point of `goodhart-bench`: what the user can mend is told without a traceback."""
    try:
        app()
    except Exception as error:
        from harness.errors import USER_ERRORS, sentence

        if not isinstance(error, USER_ERRORS):
            raise
        print(f"goodhart-bench: {sentence(error)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
