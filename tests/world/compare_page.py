#!/usr/bin/env python3
"""Compares the numbers of the status page with those of /metrics, as Prometheus' own parser reads them.

    compare_page.py PAGE METRICS

It also holds the page to what a browser must not have to mend. It runs where requirements.txt is installed.
"""
import html.parser
import math
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

VOID = {"meta", "link"}


class Page(html.parser.HTMLParser):
    """The numbers of the page: (metric as written, value), and those that are the rest of a family."""

    def __init__(self, text):
        super().__init__()
        self.numbers, self.rests, self.open, self.ids, self.text = [], [], [], set(), ""
        self.feed(text)
        if self.open:
            sys.exit(f"not closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if len(given) != len(attrs) or "style" in given or tag == "script" or any(k.startswith("on") for k in given):
            sys.exit(f"<{tag} {attrs}> is not as it should be")
        if "id" in given:
            if given["id"] in self.ids:
                sys.exit(f"two elements are called {given['id']}")
            self.ids.add(given["id"])
        if "data-metric" in given:
            self.numbers.append((given["data-metric"], float(given["value"])))
        if "data-rest" in given:
            self.rests.append((given["data-rest"], float(given["value"])))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            sys.exit(f"</{tag}> closes nothing")


def written(series):
    """Name and labels of a series as the text format writes it."""
    sample, = [s for family in parser.text_string_to_metric_families(series + " 0\n") for s in family.samples]
    return sample.name, sample.labels


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        page = Page(f.read())
    with open(sys.argv[2], encoding="utf-8") as f:
        families = list(openmetrics.text_string_to_metric_families(f.read()))
    samples = [s for family in families for s in family.samples]
    undocumented = [family.name for family in families if not family.documentation]
    if undocumented:
        sys.exit(f"without a word of help: {undocumented}")

    def total(name, labels):
        return math.fsum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    names = {family.name for family in families}
    for series, value in page.numbers:
        name, labels = written(series)
        # What has not been found has no series.
        nothing = name == "logveil_findings_total" and value == 0
        if name not in names and name.removesuffix("_total") not in names and not nothing:
            sys.exit(f"there is no metric {name}")
        if total(name, labels) != value:
            sys.exit(f"{series}: {value} on the page, {total(name, labels)} in /metrics")
    for name, value in page.rests:
        rows = math.fsum(v for series, v in page.numbers if series.startswith(name + "{"))
        if total(name, {}) - rows != value:
            sys.exit(f"the rest of {name}: {value} on the page, {total(name, {}) - rows} in /metrics")
    print(len(page.numbers), len(samples))


if __name__ == "__main__":
    main()
