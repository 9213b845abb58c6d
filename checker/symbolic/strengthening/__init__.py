"""Lemmas that a proof lacks: found among short clauses over a program's own words.

`vocabulary` makes atoms, `walk` and `sample` say in which states they hold, `candidates` are the
clauses that none of these refutes, `consecution` finds counterexamples to induction, `learning`
picks the candidates that exclude them, and `suggestion` proves these and leaves out what is not
needed.
"""
