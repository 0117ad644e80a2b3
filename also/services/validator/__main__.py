"""The validator as a process: `python -m also.services.validator --address HOST:PORT`."""

from also import process


def main() -> None:
    """Serve the validator until SIGTERM."""
    parsed = process.arguments("validator")
    from also.services.validator.service import register

    process.serve(register, parsed)


if __name__ == "__main__":
    main()
