"""Lemmas that a proof lacks: found among short clauses over a program's own words.

`vocabulary` makes atoms, `walk` and `sample` say in which states they hold, `candidates` are the
clauses that none of these refutes, `learning` picks those that exclude counterexamples to
induction, and `suggestion` proves them and leaves out what is not needed.
"""
