"""The critic as a process: `python -m also.services.critic --address HOST:PORT`."""

from also import process


def main() -> None:
    """Serve the critic until SIGTERM."""
    parsed = process.arguments("critic")
    from also.services.critic.service import register

    process.serve(register, parsed)


if __name__ == "__main__":
    main()
