"""Breaks the contracts on purpose and shows which test notices: `make mutate`.

    python -m scripts.mutate listed                 # the checks of tests/mutations.json, taken out one at a time
    python -m scripts.mutate listed --only LIQ-3    # those of one promise
    python -m scripts.mutate generated              # a sample of all mutations that the syntax trees allow; the score
    python -m scripts.mutate generated --under contracts/core --sample 0   # all of them in a folder

Each mutation is applied to a copy of the tree, never to the tree, compiled by forge (only what changed) and tested; several
copies work side by side.
"""
