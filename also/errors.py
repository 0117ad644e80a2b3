"""The errors that ALSO raises on purpose, one class for each thing a caller can do differently.

AlsoError
├── InputError              the caller's input is wrong: exit code 2, INVALID_ARGUMENT, nothing written
│   ├── DocumentError       a campaign file or record: unknown key, wrong type, out of range
│   ├── TaskError           a task that cannot be found, built, or that breaks its API
│   ├── DeviceError         a device for training that this machine does not have
│   ├── MemoryNeedError     a campaign that takes more memory than a machine has left
│   ├── ShapingError        a shaping config that breaks a rule
│   ├── CheckpointError     a checkpoint that is missing, damaged, or of another task or version
│   ├── StoreError          an object store that is unwritable, foreign or not an object store
│   │   └── MissingStoreError  no object store at this place yet (a caller may create it)
│   ├── CampaignError       a campaign id that is unknown, or that holds another campaign
│   ├── AddressError        an address that is malformed or in use
│   ├── SettingError        an environment variable of ours with a value that is not allowed
│   └── EndpointError       an LLM's endpoint, a Prometheus or a cluster that cannot be used
├── MissingObjectError      no object under a key (a caller may create it)
├── ServiceError            a service answered with a failure that is not the caller's
│   └── ServiceUnavailable  a service could not be reached, or died: trying again may help
└── DivergedError           training produced a number that is not finite
"""


class AlsoError(Exception):
    """Root of the tree: catch it to catch everything that ALSO raises on purpose."""


class InputError(AlsoError):
    """The caller's input is wrong; the message names the value and what is allowed."""


class DocumentError(InputError):
    """A campaign file or a record has an unknown key, a wrong type or a value out of range."""


class TaskError(InputError):
    """A task cannot be found or built, or breaks the API that it claims."""


class DeviceError(InputError):
    """A device to train on is asked for, and a machine does not have it."""


class MemoryNeedError(InputError):
    """A campaign's training takes more memory than a machine has left."""


class ShapingError(InputError):
    """A shaping config breaks a rule of `also.shaping`."""


class CheckpointError(InputError):
    """A checkpoint is missing, damaged, or of another task, learner or schema version."""


class StoreError(InputError):
    """An object store is unwritable, holds something else, or its URI is malformed."""


class MissingStoreError(StoreError):
    """There is no object store at this place yet: a caller may create it."""


class CampaignError(InputError):
    """A campaign id is unknown, malformed, or holds another campaign."""


class AddressError(InputError):
    """An address is malformed or already in use."""


class SettingError(InputError):
    """An environment variable of ALSO has a value that is not allowed."""


class EndpointError(InputError):
    """An LLM's endpoint, a Prometheus or a cluster cannot be reached, or does not allow what is needed."""


class MissingObjectError(AlsoError):
    """No object is stored under a key."""


class ServiceError(AlsoError):
    """A service answered with a failure that is not the caller's."""


class ServiceUnavailable(ServiceError):
    """A service could not be reached or died during the call: trying again may help."""


class DivergedError(AlsoError):
    """Training produced a number that is not finite."""
