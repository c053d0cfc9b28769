"""The errors that this package raises for those who use it.

* DevserverError
    * UnknownError -- there is no fault, node or release of that name
    * FaultError -- a fault cannot be switched on here and now
    * NotReadyError -- the nodes have not become one cluster in time
    * RefusedError -- a node has answered a client's command with an error

Beside them, OSError says that an address is taken or a directory cannot be used.
"""


class DevserverError(Exception):
    """The base class."""


class UnknownError(DevserverError):
    """Nothing has this name; the text says which names there are."""


class FaultError(DevserverError):
    """A fault that cannot be switched on here and now."""


class NotReadyError(DevserverError):
    """The nodes have not become one cluster in time; the text tells how each of them sees it."""


class RefusedError(DevserverError):
    """A node has answered that it will not do what a client told it; the text is the answer."""
