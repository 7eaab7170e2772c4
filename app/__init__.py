"""The dashboard and its build."""

import pandas as pd

# Tables here have tens of rows: kept as Python objects, their words cost a third less of a page than kept in Arrow.
pd.set_option("mode.string_storage", "python")
