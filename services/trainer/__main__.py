"""The trainer as a process: `python -m services.trainer --address HOST:PORT`."""

from also import process


def main() -> None:
    """Serve the trainer until SIGTERM."""
    parsed = process.arguments("trainer")
    from services.trainer.service import register

    process.serve(register, parsed)


if __name__ == "__main__":
    main()
