"""What the org is made of: its sObjects, their fields, and how it describes them."""

from sfsync.demo.catalogue.catalogue import Catalogue, Features
from sfsync.demo.catalogue.fields import Field
from sfsync.demo.catalogue.refusal import OrgRefusal, SoqlError, StoreError
from sfsync.demo.catalogue.sobject import SObject

__all__ = [
    "Catalogue",
    "Features",
    "Field",
    "OrgRefusal",
    "SObject",
    "SoqlError",
    "StoreError",
]
