"""Random input for all that reads what others have written: events, apps, results, replies of the Runtime API.

Each target makes inputs out of a source of randomness and checks one. Inputs are JSON, so that one that has found
something can be kept in `cases`, where the suite tries it for ever. `python -m tests.fuzz --help` has the rest.
"""
