"""The trainer as a process: `python -m also.services.trainer --address HOST:PORT`."""

from also import process


def main() -> None:
    """Serve the trainer until SIGTERM."""
    parsed = process.arguments("trainer")
    from also.services.trainer.service import register

    process.serve(register, parsed)


if __name__ == "__main__":
    main()
