"""The invented company of the demo org, "DEMO Northwind Traders", and what is planted in it."""

from sfsync.demo.seed.plant import plant
from sfsync.demo.seed.planted import PLANTED, Planted

__all__ = ["PLANTED", "Planted", "plant"]
