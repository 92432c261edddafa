"""The report of a training run: one HTML file that needs nothing else, to show to a colleague.

fit = find_fit(frame, "species")
fit.go()
report.write("report.html", fit, frame)
"""

from glassnet.report.page import html, write

__all__ = ["html", "write"]
