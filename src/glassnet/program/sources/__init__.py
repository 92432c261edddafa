"""Writers: a program as text in a language.

    grammar      what a language says of itself: formulas by a table, and a few forms of statement
    statements   what is the same in every language: which lines, in which order, named how
    layout       headings, shapes in one column, lines that are not too long
    numpy        NumPy's grammar and its functions; importing it enters it into `program.writers`

A new language is a module beside `numpy`, imported here.
"""

from glassnet.program.sources import numpy

__all__ = ["numpy"]
