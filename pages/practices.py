"""Practices: what do we measure, and how?"""

from app import figures

figures.practices_head("What do we measure, and how?")
figures.practices_of("goals")
figures.practices_of("trust")
figures.practices_of("innovation")
figures.practices_of("diversity")
figures.glossary()
figures.protection()
