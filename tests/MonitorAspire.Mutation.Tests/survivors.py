#!/usr/bin/env python3
"""Writes docs/mutation.md from Stryker's reports: the figures of each folder, and each mutant that no test kills, with its reason.

    survivors.py [--reasons FILE] REPORT.json...

The reports replace the figures and the rows of the source files that they have mutants of, so a folder can be measured in parts. Where several have a mutant of
the same source, the last one counts: what survived can be measured again alone (--mutate 'FILE{FROM..TO}'). Reasons that the page has are kept: a row is known by its file, the text of its line and the change. FILE has further ones, one a line: the number that is printed for a row without a
reason, a tab, the reason. Without a reason for each row it ends with code 1.
"""
import argparse
import datetime
import json
import os
import re
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
PAGE = os.path.join(ROOT, "docs/mutation.md")
LONGEST = 110
DETECTED, LEFT = ("Killed", "Timeout"), ("Survived", "NoCoverage")
HEAD = """# Mutants that survive

[Stryker.NET](https://stryker-mutator.io) changes one place of the code at a time and runs the tests that cover it. [Proof](proof.md#mutation-score) says how, and what
the tests leave out. This page has each change that no test notices, and why. It is written by
[`survivors.py`](../tests/MonitorAspire.Mutation.Tests/survivors.py) from Stryker's reports.

*Killed*: a test failed, or did not end in time. *Survived*: all tests passed. *Not covered*: no test that Stryker runs comes there. The score is what was killed of all of them.

"""


def shown(text):
    text = re.sub(r"\s+", " ", text).strip()
    text = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`" if text else "nothing"


def differing(old, new):
    """The part that differs, with the words around it."""
    old, new = (re.sub(r"\s+", " ", t).strip() for t in (old, new))
    if len(old) <= 60 and len(new) <= 60:
        return old, new
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    start, end = max(0, start - 15), max(0, end - 15)
    return tuple(("…" if start else "") + t[start:len(t) - end] + ("…" if end else "") for t in (old, new))


def mutants(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    for name, content in sorted(report["files"].items()):
        match = re.search(r"MonitorAspire\.Supervision/((Restarts|Identity|Probes|Files)/.*)", name.replace("\\", "/"))
        if not match:
            continue
        lines = content["source"].split("\n")
        for mutant in content["mutants"]:
            (start, end) = mutant["location"]["start"], mutant["location"]["end"]
            inside = lines[start["line"] - 1:end["line"]]
            inside[-1] = inside[-1][:end["column"] - 1]
            inside[0] = inside[0][start["column"] - 1:]
            old, new = differing("\n".join(inside), mutant.get("replacement") or "")
            yield {
                "folder": match[2], "file": match[1], "at": (start["line"], start["column"]), "status": mutant["status"],
                "source": content["source"], "key": (*start.values(), *end.values(), mutant["mutatorName"], mutant.get("replacement")),
                "row": (shown(lines[start["line"] - 1]), f"{shown(old)} → {shown(new)}"), "why": mutant.get("statusReason") or "",
            }


def known():
    """The figures and the rows of each file on the page that is there."""
    figures, rows, file = {}, {}, None
    if os.path.exists(PAGE):
        with open(PAGE, encoding="utf-8") as page:
            for line in page:
                cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
                if line.startswith("### "):
                    file = line.split("`")[1]
                elif line.startswith("## "):
                    file = None
                elif file is None and len(cells) == 7 and "/" in cells[0]:
                    figures[cells[0].strip("`")] = ([int(c) for c in cells[1:4]], cells[6])
                elif file and len(cells) == 4 and cells[2].count("→"):
                    rows.setdefault(file, []).append(cells)
    return figures, rows


def figure_row(name, figures):
    counts = [sum(c) for c in zip(*(counts for counts, _ in figures))]
    days = sorted({day for _, day in figures})
    score = f"{100 * counts[0] / sum(counts):.1f} %"
    return [f"`{name}`", *map(str, counts), str(sum(counts)), score, days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"]


def write(figures, rows):
    head = "| Killed | Survived | Not covered | Mutants | Score | Measured |\n|---|---|---|---|---|---|---|\n"
    folders = {}
    for file in sorted(figures):
        folders.setdefault(file.split("/")[0], []).append(file)
    with open(PAGE, "w", encoding="utf-8") as page:
        page.write(HEAD + "| Folder " + head)
        for folder, files in folders.items():
            row = figure_row(folder, [figures[f] for f in files])
            page.write(f"| {' | '.join(row)} |\n")
            print(*row, file=sys.stderr)
        for folder, files in folders.items():
            page.write(f"\n## {folder}\n\n| File " + head)
            page.writelines(f"| {' | '.join(figure_row(f, [figures[f]]))} |\n" for f in files)
            for file in (f for f in files if f in rows):
                page.write(f"\n### `{file}`\n\n| | Line | Change | Why it survives |\n|---|---|---|---|\n")
                page.writelines(f"| {' | '.join(row)} |\n" for row in rows[file])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reasons")
    parser.add_argument("reports", nargs="+")
    arguments = parser.parse_args()
    given = {}
    if arguments.reasons:
        with open(arguments.reasons, encoding="utf-8") as file:
            given = dict(line.rstrip("\n").split("\t", 1) for line in file if "\t" in line)
    figures, rows = known()
    reasons = {(file, *row[1:3]): row[3] for file, all_rows in rows.items() for row in all_rows if row[3] != "?"}
    number, missing = 0, 0
    files = {}
    for report in arguments.reports:
        day = datetime.date.fromtimestamp(os.path.getmtime(report)).isoformat()
        for mutant in mutants(report):
            if mutant["status"] in DETECTED + LEFT:
                source, _, found = files.get(mutant["file"], (None, None, {}))
                found = found if source == mutant["source"] else {}
                found[mutant["key"]] = mutant
                files[mutant["file"]] = (mutant["source"], day, found)
    for file, (_, day, found) in sorted(files.items()):
        statuses = [m["status"] for m in found.values()]
        figures[file] = ([sum(s in DETECTED for s in statuses), *(statuses.count(s) for s in LEFT)], day)
        rows[file] = []
        for m in sorted((m for m in found.values() if m["status"] in LEFT), key=lambda m: m["at"]):
            number += 1
            reason = given.get(str(number)) or reasons.get((file, *m["row"]))
            if not reason:
                missing += 1
                print(f"{number}\t{m['status'][:4]}\t{file}:{m['at'][0]}\t{m['row'][0]}\t{m['row'][1]}")
            rows[file].append(["survived" if m["status"] == "Survived" else "not covered", *m["row"], reason or "?"])
    here = {f for f in figures if os.path.exists(os.path.join(ROOT, "src/MonitorAspire.Supervision", f))}
    write({f: v for f, v in figures.items() if f in here}, {f: v for f, v in rows.items() if f in here and v})
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
