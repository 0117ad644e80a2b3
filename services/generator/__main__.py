"""The generator as a process: `python -m services.generator --address HOST:PORT`."""

from also import process


def main() -> None:
    """Serve the generator until SIGTERM."""
    parsed = process.arguments("generator")
    from services.generator.service import register

    process.serve(register, parsed)


if __name__ == "__main__":
    main()
