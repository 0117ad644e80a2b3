"""The `also` command, and `python -m also`."""

from also.settings import part_from_shell

part_from_shell()  # gRPC, protobuf and Prometheus's client read the environment when they are loaded

from also.cli import main

if __name__ == "__main__":
    main()
