"""`also` as the child of another `also`: it ends when its parent does."""

import sys

from also import lifeline
from also.cli import main

if __name__ == "__main__":
    lifeline.hold()
    main([each for each in sys.argv[1:] if each != lifeline.FLAG])
