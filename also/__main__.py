"""`python -m also` is `also`."""

from also.cli import main

if __name__ == "__main__":
    main()
