"""What the comparison says of Bridge and of the other Python adapters, found out by running them.

A *row* of its tables has a *probe*: a function that runs an adapter and says the word that stands in the cell.
"""
