"""Mutated files: no reader crashes, hangs or loses what was not touched.

``python -m tests.fuzz --files 20000`` mutates every fixture of every reader by seed, reads what
came of it in a child process of limited memory, and holds three promises:

* **safe**: reading ends within 5 s of processor time and 1 GiB of resident memory, with rows or
  with a `StresslabError`; nothing else is raised, and the process lives.
* **kept**: what does not depend on the touched units is read as before. A *unit* is a line (CSV: a
  record), an element of a JSON array, or an entry of a zip file. It is touched if one of its bytes
  or the separator before it was changed; of a JSON array, also every element behind one whose
  quotes or brackets no longer close, unless a later element can be found again. With O = the rows
  of the original file and W = those of the original without its touched units, every row of O and
  W is read again, apart from rows whose id stands in a touched unit, old or new: those two may
  now contradict. A reader that goes by what most records have (lm-evaluation-harness: which field
  of a doc is asked) is held to it while no more than a tenth is touched, and not for whether all
  scores are 0 or 1; numbers a reader makes of all records (the chosen checkpoint of DomainBed) may
  change with one. Binary tables (Parquet, Arrow, packed files), files that are one object, and
  predictions without ids, which only their order names, have one unit: themselves. Where the
  header is touched (first line of a CSV, settings of a run) only *safe* and *told* hold.
* **told**: what is missing is in the rejects. Lines and elements that are there but became no row
  are named one by one, or by one reject that says that nothing behind it could be read: read +
  rejected = present. A file of which nothing can be read is refused by an error that names it.

A file is known by how it begins: which reader claims it is held unless its first unit was touched
and the change is longer than what is looked at (64 KiB), or reaches into the second line.

Every hundredth file goes the whole way of an import into a workspace; what is sealed and indexed
there equals what its reader gave. The others stop at the reader, which includes ids, statuses and
rejects: sealing costs ten times as much and sees only checked tables.
"""
