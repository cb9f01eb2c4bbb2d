#!/usr/bin/env python3
"""Writes docs/mutation.md from Stryker's reports: the figures of each folder, and each mutant that no test kills, with its reason.

    survivors.py [--reasons FILE] REPORT.json...

A report replaces the figures and the rows of the folders that it has mutants of. Reasons that the page has are kept: a row is known by
its file, the text of its line and the change. FILE has further ones, one a line: the number that is printed for a row without a reason, a tab, the
reason. Without a reason for each row it ends with code 1.
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
A folder that is not in the table is not listed yet.

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
                "row": (shown(lines[start["line"] - 1]), f"{shown(old)} → {shown(new)}"), "why": mutant.get("statusReason") or "",
            }


def known():
    """The figures and the rows of the page that is there."""
    figures, rows, file = {}, {}, None
    if os.path.exists(PAGE):
        with open(PAGE, encoding="utf-8") as page:
            for line in page:
                cells = [c.strip() for c in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
                if line.startswith("### "):
                    file = line.split("`")[1]
                elif file is None and len(cells) > 5 and cells[0].startswith("`"):
                    figures[cells[0].strip("`")] = cells[1:]
                elif file and len(cells) == 4 and cells[2].count("→") and cells[0] != "---":
                    rows.setdefault(file, []).append(cells)
    return figures, rows


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
    reasons = {(file, *row[1:3]): row[3] for file, all_rows in rows.items() for row in all_rows}
    number, missing = 0, 0
    for report in arguments.reports:
        found = list(mutants(report))
        day = datetime.date.fromtimestamp(os.path.getmtime(report)).isoformat()
        for folder in sorted({m["folder"] for m in found if m["status"] in DETECTED + LEFT}):
            of = [m for m in found if m["folder"] == folder]
            count = {status: sum(m["status"] == status for m in of) for status in DETECTED + LEFT}
            killed, total = sum(count[s] for s in DETECTED), sum(count.values())
            figures[folder] = [str(killed), str(count["Survived"]), str(count["NoCoverage"]), str(total), f"{100 * killed / total:.1f} %", day]
            rows = {file: r for file, r in rows.items() if not file.startswith(folder + "/")}
            for m in sorted((m for m in of if m["status"] in LEFT), key=lambda m: (m["file"], m["at"])):
                number += 1
                reason = given.get(str(number)) or reasons.get((m["file"], *m["row"]))
                if not reason:
                    missing += 1
                    print(f"{number}\t{m['status'][:4]}\t{m['file']}:{m['at'][0]}\t{m['row'][0]}\t{m['row'][1]}")
                rows.setdefault(m["file"], []).append(["survived" if m["status"] == "Survived" else "not covered", *m["row"], reason or "?"])
    with open(PAGE, "w", encoding="utf-8") as page:
        page.write(HEAD + "| Folder | Killed | Survived | Not covered | Mutants | Score | Measured |\n|---|---|---|---|---|---|---|\n")
        for folder, cells in sorted(figures.items()):
            page.write(f"| `{folder}` | {' | '.join(cells)} |\n")
        for folder in sorted({file.split("/")[0] for file in rows}):
            page.write(f"\n## {folder}\n")
            for file in sorted(f for f in rows if f.startswith(folder + "/")):
                page.write(f"\n### `{file}`\n\n| | Line | Change | Why it survives |\n|---|---|---|---|\n")
                page.writelines(f"| {' | '.join(row)} |\n" for row in rows[file])
    for folder, cells in sorted(figures.items()):
        print(folder, *cells, file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
