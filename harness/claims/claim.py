"""A claim file: what was said, in the numbers that were printed, and where it was said.

    title: Self-training with a filter
    metrics:
      - {id: accuracy, name: accuracy, before: 61.0%, after: 66.0%, change: +8.2%, tasks: 200}
    causes:
      - {text: the filter raised accuracy, effect: accuracy, controls: [no-train]}

docs/claims.md has every key. Scalars are read as text, so that ".620" keeps its last digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from harness.claims.finding import Place
from harness.claims.numbers import Number, Printed, Span, relative
from tasks.errors import UserError
from tasks.suite import explain
from tasks.types import Record

PUBLISHED = Path(__file__).parent / "published"
TEMPLATE = Path(__file__).parent / "template.yaml"

Scale = Literal["share", "percent", "own"]
Unit = Literal["relative", "points"]
Positive = Annotated[int, Field(gt=0)]


class Assumptions(Record):
    """Spreads taken where the source prints none, in points (or in the metric's own unit)."""

    sd: float = Field(default=15.0, gt=0)  # of the paired change between tasks
    seed_sd: float = Field(default=3.0, gt=0)  # of the change between training seeds


class Metric(Record):
    """One printed line "before, after, change" and what it rests on; what is not printed is left
    out."""

    id: str
    name: str  # lines of the same name, arm and set print the same quantity
    arm: str = ""
    on: str = ""  # the set of tasks it was measured on, if the source names several
    measure: str | None = None  # what evidence calls it: correctness or a proxy; None: its name
    text: str = ""
    before: Number
    after: Number
    change: Number | None = None
    unit: Unit | None = None  # what the source calls the change, if it says so
    scale: Scale | None = None  # None: told from how the numbers are printed
    tasks: Positive | None = None
    samples_per_task: Positive | None = None
    seeds: Positive | None = None
    interval: tuple[Number, Number] | None = None  # of the change, in points or its own unit
    sd: float | None = Field(default=None, gt=0)  # of the paired change between tasks, likewise
    counted: bool = False  # each sample is right or wrong, and this is the share of right ones
    conditions: dict[str, str] = Field(default_factory=dict)
    series: str | None = None  # the table whose first and last value these are
    columns: tuple[str, str] | None = None  # ... and its columns of the first and of the last

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if (self.series is None) != (self.columns is None):
            raise ValueError("series and columns go together: the table and its two columns")
        return self

    @property
    def scaled(self) -> Scale:
        """percent where a % is printed; share where both values are within [0, 1]; else own."""
        if self.scale:
            return self.scale
        if "%" in (self.before.unit, self.after.unit):
            return "percent"
        inside = all(0 <= number.value <= 1 for number in (self.before, self.after))
        return "share" if inside else "own"

    @property
    def is_bounded(self) -> bool:
        """Whether it is a share: nothing above 100 points or below 0."""
        return self.scaled != "own"

    @property
    def word(self) -> str:
        """What a difference is counted in."""
        return "points" if self.is_bounded else "units"

    def points(self, number: Printed) -> Span:
        """A printed level in points (share x 100), or as it is if the scale is its own."""
        factor = 100.0 if self.scaled == "share" and number.unit != "%" else 1.0
        return number.span.times(factor)

    @property
    def start(self) -> Span:
        return self.points(self.before)

    @property
    def end(self) -> Span:
        return self.points(self.after)

    @property
    def difference(self) -> Span:
        """after - before, in points or own units."""
        return self.end.minus(self.start)

    @property
    def relative_change(self) -> Span | None:
        return relative(self.start, self.end)

    @property
    def label(self) -> str:
        said = f" ({self.change})" if self.change else ""
        of = f" of {self.arm}" if self.arm else ""
        return self.text or f"{self.name}{of}: {self.before} to {self.after}{said}"


class Series(Record):
    """A table by cycle: columns of equal length."""

    id: str
    text: str = ""
    columns: dict[str, Annotated[tuple[Number, ...], Field(min_length=1)]]

    @model_validator(mode="after")
    def _equal_lengths(self) -> Self:
        lengths = {name: len(values) for name, values in self.columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        return self


class Rates(Record):
    """The column of a table that says which share of each row's whole was counted."""

    series: str
    column: str
    of: Annotated[tuple[str, ...], Field(min_length=1)]  # counts; their product is a row's whole


class Count(Record):
    """A printed number of things, and how it hangs together with others."""

    value: Number
    text: str = ""
    product_of: tuple[str, ...] = ()
    sum_of: tuple[str, ...] = ()
    part_of: str | None = None
    rate: Number | None = None  # the printed share of `part_of`
    rates: Rates | None = None


class Observed(Record):
    """A value, or a range (".451+"), that the source calls right or wrong."""

    label: str
    value: Number
    good: bool


class Threshold(Record):
    """What is accepted, and values seen for good and bad ones."""

    text: str = ""
    score: str
    accept: Literal["above", "below"] = "above"
    value: Number
    observed: Annotated[tuple[Observed, ...], Field(min_length=1)]


Kind = Literal["increases", "decreases", "first", "last", "sum", "mean", "min", "max"]


class Summary(Record):
    """A sentence that sums up a table: "increased in 9 of 10 cycles", "first acceptance 60.7%".

    `columns` are two (each row's first and second are compared) or one (a row and the next)."""

    text: str
    series: str
    kind: Kind
    columns: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)]
    value: Number
    of: Positive | None = None

    @model_validator(mode="after")
    def _one_column(self) -> Self:
        if len(self.columns) == 2 and self.kind not in ("increases", "decreases"):
            raise ValueError(f"{self.kind} is of one column")
        return self


class Equivalence(Record):
    """ "No degradation", "as good as": a metric is said not to have changed."""

    text: str
    metric: str
    margin: Number | None = None  # fixed beforehand, in points or the metric's own unit


class Comparison(Record):
    """One arm is said to be better than another by so much; `metric` and `than` are metric ids."""

    text: str
    metric: str
    than: str
    difference: Number


class Cause(Record):
    """Something is said to be caused by how candidates were selected, or by training at all."""

    text: str
    effect: str  # a metric's id
    by: Literal["selection", "training"] = "selection"
    controls: tuple[str, ...] = ()  # control arms that were run: random-accept, no-train ...


class Predictions(Record):
    """Answers before and after, one JSON object a line: task, text, and sample and seed if any."""

    before: Path
    after: Path
    suite: str


class Evidence(Record):
    """What there is to check against: a finished run of this harness, or two files of answers."""

    run: Path | None = None
    predictions: Predictions | None = None
    arm: str | None = None  # of the run, for metrics that name none

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.run is None) == (self.predictions is None):
            raise ValueError("give run or predictions, one of the two")
        return self


class Claim(Record):
    """The whole file."""

    title: str
    sources: tuple[str, ...] = ()
    conditions: dict[str, str] = Field(default_factory=dict)
    assume: Assumptions = Assumptions()
    tasks: Positive | None = None  # of every metric that has none of its own; likewise the next
    samples_per_task: Positive | None = None
    seeds: Positive | None = None
    metrics: tuple[Metric, ...] = ()
    series: tuple[Series, ...] = ()
    counts: dict[str, Count] = Field(default_factory=dict)
    thresholds: tuple[Threshold, ...] = ()
    summaries: tuple[Summary, ...] = ()
    equivalences: tuple[Equivalence, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    causes: tuple[Cause, ...] = ()
    evidence: Evidence | None = None

    @field_validator("counts", mode="before")
    @classmethod
    def _bare_counts(cls, counts: Any) -> Any:
        """`cycles: 10` is short for `cycles: {value: 10}`."""
        if not isinstance(counts, dict):
            return counts
        return {k: v if isinstance(v, dict | Count) else {"value": v} for k, v in counts.items()}

    @field_validator("metrics")
    @classmethod
    def _unique(cls, metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
        ids = [metric.id for metric in metrics]
        twice = sorted({id for id in ids if ids.count(id) > 1})
        if twice:
            raise ValueError(f"two metrics have the id {twice[0]!r}")
        return metrics

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        known = {
            "metric": [metric.id for metric in self.metrics],
            "series": [series.id for series in self.series],
            "count": list(self.counts),
        }
        for kind, name in _references(self):
            if name not in known[kind]:
                has = ", ".join(known[kind]) or "none"
                raise ValueError(f"there is no {kind} {name!r} in the file; there are: {has}")
        for id, column in _columns(self):
            if column not in self.table(id).columns:
                has = ", ".join(self.table(id).columns)
                raise ValueError(f"series {id!r} has no column {column!r}; it has {has}")
        return self

    @model_validator(mode="after")
    def _evidence_names_its_arm(self) -> Self:
        arms = {metric.arm for metric in self.metrics}
        evidence = self.evidence
        if evidence and evidence.predictions and not evidence.arm and len(arms) > 1:
            raise ValueError("evidence: predictions are of one arm, so name it with arm")
        return self

    def metric(self, id: str) -> tuple[Place, Metric]:
        """A metric by id, with its place in the file."""
        return next((("metrics", i), m) for i, m in enumerate(self.metrics) if m.id == id)

    def table(self, id: str) -> Series:
        return next(series for series in self.series if series.id == id)

    def tasks_of(self, metric: Metric) -> int | None:
        return metric.tasks or self.tasks

    def samples_of(self, metric: Metric) -> int | None:
        return metric.samples_per_task or self.samples_per_task

    def seeds_of(self, metric: Metric) -> int | None:
        return metric.seeds or self.seeds

    def statements(self) -> Iterator[tuple[Place, str]]:
        """Everything that gets a verdict, with a label: place and text."""
        for i, metric in enumerate(self.metrics):
            yield ("metrics", i), metric.label
        for name, count in self.counts.items():
            if count.product_of or count.sum_of or count.part_of or count.rates:
                yield ("counts", name), count.text or f"{name}: {count.value}"
        for i, threshold in enumerate(self.thresholds):
            said = f"{threshold.score} {threshold.accept} {threshold.value} is accepted"
            yield ("thresholds", i), threshold.text or said
        for section in ("summaries", "equivalences", "comparisons", "causes"):
            for i, said in enumerate(getattr(self, section)):
                yield (section, i), said.text


def _references(claim: Claim) -> Iterator[tuple[str, str]]:
    """Every mention of a metric, series or count: its kind and its name."""
    for metric in claim.metrics:
        if metric.series:
            yield "series", metric.series
    for count in claim.counts.values():
        for name in (*count.product_of, *count.sum_of, *filter(None, [count.part_of])):
            yield "count", name
        if count.rates:
            yield "series", count.rates.series
            yield from (("count", name) for name in count.rates.of)
    yield from (("series", summary.series) for summary in claim.summaries)
    yield from (("metric", said.metric) for said in claim.equivalences)
    for comparison in claim.comparisons:
        yield from (("metric", comparison.metric), ("metric", comparison.than))
    yield from (("metric", cause.effect) for cause in claim.causes)


def _columns(claim: Claim) -> Iterator[tuple[str, str]]:
    """Every mention of a column: its series and its name."""
    for metric in claim.metrics:
        if metric.series and metric.columns:
            yield from ((metric.series, column) for column in metric.columns)
    for summary in claim.summaries:
        yield from ((summary.series, column) for column in summary.columns)
    for count in claim.counts.values():
        if count.rates:
            yield count.rates.series, count.rates.column


class _AsPrinted(yaml.SafeLoader):
    """YAML whose numbers and dates stay text, as do the words on, off, yes and no."""


_KEPT = {"tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"}
_AsPrinted.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _KEPT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_AsPrinted.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|false)$"), list("tf")
)


@dataclass(frozen=True)
class ClaimFile:
    """A claim and where in which file each part of it stands."""

    path: Path
    claim: Claim
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it that is in the file."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


def published() -> dict[str, Path]:
    """The claims that come with the package, by name."""
    return {path.stem: path for path in sorted(PUBLISHED.glob("*.yaml"))}


def load_claim(name_or_path: str) -> ClaimFile:
    """A claim file, or a published claim by name. UserError naming what is wrong and where."""
    path = published().get(name_or_path, Path(name_or_path))
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        names = ", ".join(published())
        hint = "a template comes from: goodhart-bench claim new FILE"
        raise UserError(f"There is no claim {name_or_path!r}; known: {names}; {hint}.") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise UserError(f"{path} cannot be read: {reason}.") from None
    try:
        node = yaml.compose(text, Loader=_AsPrinted)
        content = yaml.load(text, Loader=_AsPrinted) or {}
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    lines = dict(_lines(node, ())) if node else {}
    try:
        return ClaimFile(path, Claim.model_validate(content), lines)
    except ValidationError as error:
        place = tuple(part for part in error.errors()[0]["loc"])
        found = ClaimFile(path, Claim(title=""), lines)
        told = explain(error).removeprefix(": ")  # what is about the whole file has no key
        raise UserError(f"{path}, line {found.line(place)}: {told}") from None


def _lines(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    """The line of every key and every element, from 1."""
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            yield from _lines(value, inner)
            yield inner, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _lines(value, (*place, i))
