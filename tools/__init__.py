"""Scripts that make files of this repository, each for one of them; who uses Glassnet needs none.

python -m tools.fit_polynomials   src/glassnet/engines/native/maths/coefficients.py, constants.py
python -m tools.ulp               docs/ulp.md
"""
