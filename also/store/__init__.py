"""The object store: a small port over obstore, for a local folder, S3, GCS, Azure or memory.

Every object is immutable and created if absent, so a store never has to update in place, and the same rules hold on a
local folder and on S3. `objects` has the port, `opening` makes one from its address, `proof` tries whether a server
keeps the rules, `answers` reads what one said.
"""

from also.store.address import local_folder
from also.store.folder import sweep_empty, sweep_staging
from also.store.objects import Store
from also.store.opening import open_store
from also.store.proof import probe_listing, probe_race, prove_refusal

__all__ = [
    "Store",
    "local_folder",
    "open_store",
    "probe_listing",
    "probe_race",
    "prove_refusal",
    "sweep_empty",
    "sweep_staging",
]
