"""The generator as a process: `python -m also.services.generator --address HOST:PORT`."""

from also import process


def main() -> None:
    """Serve the generator until SIGTERM."""
    parsed = process.arguments("generator")
    from also.services.generator.service import register

    process.serve(register, parsed)


if __name__ == "__main__":
    main()
