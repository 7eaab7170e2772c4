"""Overview: where must I look?"""

from app import figures

figures.lead("Where must I look?")
figures.overview()
figures.listing("missing", "What is not loaded yet, who exports it, and what it would light up.")
