"""Packages that only some commands need, and that `pip install also-marl` alone leaves out."""

from importlib import import_module

from also.errors import InputError


def require(module: str, what: str, extra: str = "report") -> None:
    """Make sure that a package of an extra is here.

    Args:
        module: the module that is imported, e.g. "PIL.Image".
        what: what needs it, in the plural, e.g. "pictures".
        extra: the extra.

    Raises:
        InputError: it is not installed.
    """
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        raise InputError(f"{what} need {error.name}: pip install 'also-marl[{extra}]'") from None
