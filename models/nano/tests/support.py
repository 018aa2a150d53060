"""Makes the recipe's modules importable: `python3 -m unittest discover -s models/nano/tests`."""
import sys
from pathlib import Path

RECIPE = Path(__file__).resolve().parent.parent
if str(RECIPE) not in sys.path:
    sys.path.insert(0, str(RECIPE))
